import type { Transaction } from '#kernel/transaction';

/** What may not happen to tags of one project. */
export interface TagGuard {
  /** Whether the tag stays where it points: it neither moves nor goes. The repository with its project's name. */
  keeps(repository: string, tag: string): boolean;
}

/**
 * A socket for what has a say in tags that are there already. Asked by whoever moves or takes away a tag, in the
 * transaction that does; never by a pull.
 */
export interface TagPolicy {
  /** Undefined where nothing in the project is guarded. With a transaction as it is in there. */
  guardOf(projectId: number, tx?: Transaction): Promise<TagGuard | undefined>;
}
