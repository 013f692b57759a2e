/** Docker Hub's names; credentials for one of them are for all. */
const hub = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The key under which tools keep credentials for Docker Hub. */
export const hubKey = 'https://index.docker.io/v1/';

/** The key of a new entry for a registry. Never fails. */
export function keyForRegistry(registry: string): string {
  return hub.has(registry) ? hubKey : registry;
}

/** The keys that may stand for a registry, the usual one first. Never fails. */
export function keysForRegistry(registry: string): readonly string[] {
  return hub.has(registry) ? [hubKey, ...hub] : [registry];
}

/** What a key is about: docker writes addresses (`https://host/v1/`) where others write the host. Never fails. */
function subjectOf(key: string): string {
  const bare = key.replace(/^https?:\/\//, '');
  const subject = bare === key ? bare : bare.replace(/\/v[12]\/?$/, '').replace(/\/$/, '');
  const host = subject.split('/', 1)[0] ?? '';
  return hub.has(host) ? `docker.io${subject.slice(host.length)}` : subject;
}

/** True when a key is about the registry as a whole. Never fails. */
export function isKeyOfRegistry(key: string, registry: string): boolean {
  return subjectOf(key) === subjectOf(registry);
}

/**
 * The key that fits a repository best: the longest namespace of it, else the registry; undefined when none fits.
 * Never fails.
 * @see https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md#format
 */
export function findBestKey(
  keys: Iterable<string>,
  registry: string,
  repository: string | undefined,
): string | undefined {
  const name = `${subjectOf(registry)}${repository === undefined ? '' : `/${repository}`}`;
  let best: { readonly key: string; readonly length: number } | undefined;
  for (const key of keys) {
    const subject = subjectOf(key);
    const fits = name === subject || name.startsWith(`${subject}/`);
    if (fits && subject !== '' && subject.length > (best?.length ?? -1)) {
      best = { key, length: subject.length };
    }
  }
  return best?.key;
}

/** The host that a key is about. Never fails. */
export function hostOfKey(key: string): string {
  return subjectOf(key).split('/', 1)[0] ?? '';
}
