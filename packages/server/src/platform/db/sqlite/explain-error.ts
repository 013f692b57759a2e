import { RegistryError } from '#kernel/errors';

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const busy = 5;
const readOnly = 8;
const ioError = 10;
const full = 13;

/** An extended one: a foreign key that points to nothing. */
const foreignKey = 787;

/** What a failed statement means for the one who asked: faults of the disk are told as such, all else is passed on. */
export function explainSqliteError(error: unknown): unknown {
  const { code, errcode } = error as { code?: unknown; errcode?: number };
  if (code !== 'ERR_SQLITE_ERROR' || errcode === undefined) return error;
  if (errcode === foreignKey) {
    return new RegistryError('conflict', 'What this stands on was removed at the same moment.', { cause: error });
  }
  switch (errcode & 0xff) {
    case full:
      return new RegistryError('storage-full', 'There is no space left for the metadata database.', { cause: error });
    case ioError:
    case readOnly:
      return new RegistryError('storage-failed', 'The metadata database cannot be written.', { cause: error });
    case busy:
      return new RegistryError('unavailable', 'The metadata database is busy.', { cause: error, retryAfter: 1 });
    default:
      return error;
  }
}
