import { RegistryError } from '#kernel/errors';

/** Settings of a project as Harbor keeps them: texts under fixed names. Whether it is public is one of them. */
export type ProjectMetadata = Readonly<Record<string, string>>;

type Kind = 'flag' | 'severity' | 'figure' | 'connections' | 'text' | 'pattern-kind' | 'given';

const kinds: Readonly<Record<string, Kind>> = {
  public: 'flag',
  enable_content_trust: 'flag',
  enable_content_trust_cosign: 'flag',
  prevent_vul: 'flag',
  severity: 'severity',
  auto_scan: 'flag',
  auto_sbom_generation: 'flag',
  reuse_sys_cve_allowlist: 'flag',
  // Written by whoever makes the retention policy, never by hand.
  retention_id: 'given',
  proxy_speed_kb: 'figure',
  max_upstream_conn: 'connections',
  proxy_cache_local_on_not_found: 'flag',
  proxy_referrer_api: 'flag',
  proxy_cache_filter_pattern: 'text',
  proxy_cache_filter_kind: 'pattern-kind',
};

const severities = ['none', 'low', 'medium', 'high', 'critical'];

/** The largest figure: Harbor's are 32 bits wide. */
const largest = 2 ** 31 - 1;

/** The value as it is kept. Fails with `body-invalid` for a name there is not, one not given by hand, or a wrong value. */
export function readMetadata(name: string, value: string): string {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined || kind === 'given') throw new RegistryError('body-invalid', `invalid key: ${shorten(name)}`);
  return readValue(name, kind, value);
}

function readValue(name: string, kind: Exclude<Kind, 'given'>, value: string): string {
  switch (kind) {
    case 'flag':
      return oneOf(name, value, ['true', 'false']);
    case 'severity':
      return oneOf(name, value.toLowerCase(), severities);
    case 'pattern-kind':
      return oneOf(name, value, ['doublestar', 'regex']);
    case 'figure':
    case 'connections': {
      const figure = /^-?\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
      const least = kind === 'connections' && figure === 0 ? 1 : -1;
      if (!(figure >= least && figure <= largest)) throw wrong(name, 'a whole number, or -1 for no limit');
      return String(figure);
    }
    case 'text':
      if (value === '' || /\p{Cc}/u.test(value)) throw wrong(name, 'a text of one line');
      return value;
  }
}

function oneOf(name: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  throw wrong(name, `one of ${known.join(', ')}`);
}

function wrong(name: string, expected: string): RegistryError {
  return new RegistryError('body-invalid', `metadata.${name}: expected ${expected}.`);
}

const shorten = (name: string) => JSON.stringify(name.slice(0, 64));

/**
 * What a body says of metadata: absent, null and empty say nothing. Fails with `body-invalid` for a value that cannot
 * be, and for a retention policy other than the project has.
 */
export function readMetadataChange(
  given: Readonly<Record<string, string | null | undefined>>,
  retentionId: string | undefined,
): ProjectMetadata {
  const change: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === '') continue;
    if (name !== 'retention_id') change[name] = readMetadata(name, value);
    else if (value !== retentionId) throw wrong(name, 'what it is already: it changes with the retention policy');
  }
  return change;
}
