import { UsageError } from '#src/failures/failures';

/** What people write for what machines do most. */
const short: Readonly<Record<string, readonly string[]>> = {
  pull: ['repository:pull', 'repository:list', 'artifact:list', 'artifact:read', 'tag:list'],
  push: ['repository:push', 'repository:pull', 'artifact:create', 'tag:create'],
  delete: ['artifact:delete', 'tag:delete', 'repository:delete'],
};

/** Reads `pull`, `push`, `delete` and `resource:action`. Throws UsageError. */
export function readPermissions(texts: readonly string[]): { resource: string; action: string }[] {
  const all = new Set(
    texts.flatMap((text) => {
      if (Object.hasOwn(short, text)) {
        return short[text] ?? [];
      }
      if (/^[a-z-]+:[a-z-]+$/.test(text)) {
        return [text];
      }
      throw new UsageError(
        `${JSON.stringify(text)} is no permission`,
        'write pull, push, delete or resource:action, such as scan:create.',
      );
    }),
  );
  return [...all].map((permission) => {
    const [resource = '', action = ''] = permission.split(':');
    return { resource, action };
  });
}
