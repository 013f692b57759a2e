import { formatBytes } from '#kernel/size';
import type { Amount, JudgedReview } from '#registry/collection';

/** `12 blobs, 3.4 GiB`. */
export function describeAmount({ count, bytes }: Amount): string {
  return `${count} ${count === 1 ? 'blob' : 'blobs'}, ${formatBytes(bytes)}`;
}

/** What would happen to a blob, and why; undefined where nothing would. */
export function describeReview({ verdict, digest, size, repository, at }: JudgedReview): string | undefined {
  const what = `${digest ?? 'a blob'} (${formatBytes(size)})`;
  const since = new Date(at).toISOString();
  switch (verdict) {
    case 'unlink':
      return `Would take ${what} out of ${repository ?? 'a repository'}: no manifest there needs it, since ${since}.`;
    case 'condemn':
      return `Would remove ${what}: nothing in the registry refers to it, since ${since}.`;
    case 'later':
    case 'keep':
      return undefined;
    default:
      return verdict satisfies never;
  }
}
