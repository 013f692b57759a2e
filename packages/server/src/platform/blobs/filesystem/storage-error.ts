import { RegistryError } from '#kernel/errors';

/** The code of a failed system call, such as `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True when the failure says that the file or folder is not there. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/**
 * Turns a failed system call into the failure to report. `doing` completes "… failed": "Writing an upload".
 * The message never contains a path: clients may see it. The cause has it.
 */
export function storageError(error: unknown, doing: string): RegistryError {
  if (error instanceof RegistryError) {
    return error;
  }
  const code = systemCode(error);
  switch (code) {
    case 'ENOSPC':
      return new RegistryError('storage-full', `${doing} failed: the disk under the blob store is full (ENOSPC).`, {
        cause: error,
      });
    case 'EDQUOT':
      return new RegistryError(
        'storage-full',
        `${doing} failed: the disk quota of the blob store is used up (EDQUOT).`,
        {
          cause: error,
        },
      );
    case 'EMFILE':
    case 'ENFILE':
      return new RegistryError('unavailable', `${doing} failed: too many files are open (${code}).`, {
        cause: error,
        retryAfter: 1,
      });
    case 'EROFS':
      return new RegistryError('storage-failed', `${doing} failed: the blob store is mounted read-only (EROFS).`, {
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new RegistryError('storage-failed', `${doing} failed: the blob store's folder refuses access (${code}).`, {
        cause: error,
      });
    default:
      return new RegistryError('storage-failed', `${doing} failed${code === undefined ? '' : ` (${code})`}.`, {
        cause: error,
      });
  }
}
