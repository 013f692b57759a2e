import type { RepositoryName } from '#src/repository-name';
import type { Scope } from '#src/scope';

/** What a request wants to do in one repository, for the token it needs. Never fails. */
export function repositoryScope(name: RepositoryName, ...actions: ('pull' | 'push' | 'delete')[]): Scope {
  return { type: 'repository', name, actions };
}

/** `{ signal }` when there is one, for spreading into a request. Never fails. */
export function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
