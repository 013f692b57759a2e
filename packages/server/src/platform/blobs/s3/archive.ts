import { RegistryError } from '#kernel/errors';
import { s3Code } from './s3-error.ts';

const archives: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** Whether objects of the class must be fetched before they can be read. */
export const isArchiveClass = (storageClass: string | undefined): boolean => archives.has(storageClass ?? '');

/**
 * Whether a look at an object says that it cannot be read now.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-restore, x-amz-archive-status)
 */
export function isArchived(answer: {
  readonly StorageClass?: string | undefined;
  readonly Restore?: string | undefined;
  readonly ArchiveStatus?: string | undefined;
}): boolean {
  const away = isArchiveClass(answer.StorageClass) || answer.ArchiveStatus !== undefined;
  return away && !(answer.Restore ?? '').includes('ongoing-request="false"');
}

/** Has objects fetched that somebody wants to read. */
export interface Archive {
  /** Begins it, unless it was begun, and gives the failure to tell the reader. */
  bringBack(key: string, cause: unknown): Promise<RegistryError>;
}

/** As long as an archive takes at least, by what S3 says: readers that come earlier come in vain. */
const earliestSeconds = { Expedited: 60, Standard: 3 * 3600, Bulk: 5 * 3600 } as const;
/** Nobody needs to wait longer than this before asking again. */
const retryCeilingSeconds = 3600;
/** It is not asked for again within this time; the store itself knows longer. */
const askAgainMs = 600_000;
const remembered = 10_000;

export function createArchive(
  speed: keyof typeof earliestSeconds,
  restore: (key: string) => Promise<unknown>,
  now: () => number = Date.now,
): Archive {
  const asked = new Map<string, number>();

  async function begin(key: string): Promise<void> {
    const before = asked.get(key);
    if (before !== undefined && now() - before < askAgainMs) return;
    if (asked.size >= remembered) asked.clear();
    asked.set(key, now());
    try {
      await restore(key);
    } catch (error) {
      if (s3Code(error) === 'RestoreAlreadyInProgress') return;
      asked.delete(key);
      throw error;
    }
  }

  return {
    async bringBack(key, cause) {
      await begin(key);
      return new RegistryError(
        'unavailable',
        'The content lies in an archive and is being fetched from there: try again later.',
        { cause, detail: { archived: true }, retryAfter: Math.min(retryCeilingSeconds, earliestSeconds[speed]) },
      );
    },
  };
}
