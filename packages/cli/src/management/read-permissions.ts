import { UsageError } from '#src/failures/failures';

/** What people write for what machines do most. */
const short: Readonly<Record<string, readonly string[]>> = {
  pull: ['repository:pull', 'repository:list', 'artifact:list', 'artifact:read', 'tag:list'],
  push: ['repository:push', 'repository:pull', 'artifact:create', 'tag:create'],
  delete: ['artifact:delete', 'tag:delete', 'repository:delete'],
};

export const shortPermissions: readonly string[] = Object.keys(short);

/** Short words in full, each permission once and in the order of the alphabet. Never fails. */
export function expandPermissions(words: readonly string[]): string[] {
  const all = words.flatMap((word) => (Object.hasOwn(short, word) ? (short[word] ?? []) : [word]));
  return [...new Set(all)].sort();
}

/** The other way round: a short word for what it stands for where all of that is there. Never fails. */
export function foldPermissions(permissions: readonly string[]): string[] {
  const all = new Set(permissions);
  const words = shortPermissions.filter((word) => short[word]?.every((permission) => all.has(permission)));
  const said = new Set(expandPermissions(words));
  return [...words, ...permissions.filter((permission) => !said.has(permission)).toSorted()];
}

/** Reads `pull`, `push`, `delete` and `resource:action`. Throws UsageError. */
export function readPermissions(texts: readonly string[]): { resource: string; action: string }[] {
  const wrong = texts.find((text) => !Object.hasOwn(short, text) && !/^[a-z-]+:[a-z-]+$/.test(text));
  if (wrong !== undefined) {
    throw new UsageError(
      `${JSON.stringify(wrong)} is no permission`,
      'write pull, push, delete or resource:action, such as scan:create.',
    );
  }
  return toAccess(expandPermissions(texts));
}

/** Permissions as robots are given them. Never fails. */
export function toAccess(permissions: readonly string[]): { resource: string; action: string }[] {
  return permissions.map((permission) => {
    const [resource = '', action = ''] = permission.split(':');
    return { resource, action };
  });
}
