import { RegistryError } from '#kernel/errors';

/** A project's name is the first part of its repositories' names, so it obeys the same grammar; Harbor's length limits. */
const pattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const longest = 255;

/** Throws `name-invalid` with what is allowed. */
export function assertProjectName(name: string): void {
  if (name.length <= longest && pattern.test(name)) return;
  throw new RegistryError(
    'name-invalid',
    `The project name ${JSON.stringify(name.slice(0, 80))} is not valid: use up to ${longest} lower-case letters, digits and single ".", "_", "__" or "-" between them.`,
  );
}

/** The project a repository belongs to: the part of its name before the first slash. */
export function projectNameOf(repository: string): string {
  const slash = repository.indexOf('/');
  return slash === -1 ? repository : repository.slice(0, slash);
}
