import type { RepositoryName } from '#src/repository-name';
import { type BlobSource, createSourceReader } from './blob-source.ts';
import { RegistryConnectionError, RegistryResponseError } from './errors.ts';
import { findBlob } from './pull-blob.ts';
import { withSignal } from './repository-scope.ts';
import { isTransientStatus, realRetryClock, type RetryClock, retryDelayMs } from './retry.ts';
import type { Transport } from './transport.ts';
import {
  cancelUpload,
  closeUpload,
  findUpload,
  mountBlob,
  openUpload,
  sendChunk,
  type UploadContext,
  type UploadSession,
} from './upload-session.ts';

/** How a blob came to be in the repository. */
export type BlobPushed = 'present' | 'mounted' | 'uploaded';

export interface PushBlobOptions {
  /** A repository of the same registry that holds the blob. */
  readonly mountFrom?: RepositoryName;
  /** Sends the blob in chunks of this size instead of in one request. */
  readonly chunkSize?: number;
  /** False when the caller knows that the blob is not there. */
  readonly checkFirst?: boolean;
  /** How often in a row a broken upload is taken up again without a byte of progress; 5 by default. */
  readonly attempts?: number;
  readonly clock?: RetryClock;
  /** Called with the bytes handed to the connection; bytes that must be sent again are told again. */
  readonly onBytes?: (count: number) => void;
  readonly signal?: AbortSignal;
}

function isWorthAnotherAttempt(error: unknown): boolean {
  return (
    error instanceof RegistryConnectionError ||
    (error instanceof RegistryResponseError && (isTransientStatus(error.status) || error.status === 416))
  );
}

/**
 * Finds out where a broken upload stands. When the registry does not know it any more, either the lost answer was the
 * good one and the blob is there, or the upload begins anew.
 */
async function resumeUpload(context: UploadContext, session: UploadSession): Promise<UploadSession | 'complete'> {
  const found = await findUpload(context, session);
  if (found !== undefined && found.offset <= context.size) {
    return found;
  }
  await cancelUpload(context, session);
  const { transport, repository, digest, signal } = context;
  const blob = await findBlob(transport, repository, digest, withSignal(signal));
  return blob === undefined ? openUpload(context) : 'complete';
}

async function sendAll(
  context: UploadContext,
  session: UploadSession,
  chunkSize: number | undefined,
  onSession: (session: UploadSession) => void,
): Promise<void> {
  let current = session;
  // What is left of a broken upload goes as a chunk: the plain closing request knows no offset.
  const size = chunkSize === undefined ? context.size : Math.max(chunkSize, session.chunkMinimum);
  if (chunkSize !== undefined || session.offset > 0) {
    while (current.offset < context.size) {
      current = await sendChunk(context, current, Math.min(size, context.size - current.offset));
      onSession(current);
    }
  }
  await closeUpload(context, current);
}

/** Sends the blob, taking it up again after trouble as often as there is progress. */
async function upload(context: UploadContext, opened: UploadSession, options: PushBlobOptions): Promise<void> {
  const { attempts = 5, clock = realRetryClock } = options;
  let session = opened;
  let reached = 0;
  for (let failures = 0; ; ) {
    try {
      return await sendAll(context, session, options.chunkSize, (next) => {
        session = next;
      });
    } catch (error) {
      failures = session.offset > reached ? 1 : failures + 1;
      reached = Math.max(reached, session.offset);
      if (!isWorthAnotherAttempt(error) || failures >= attempts) {
        await cancelUpload(context, session);
        throw error;
      }
    }
    await clock.sleep(retryDelayMs(failures, clock.random()), context.signal);
    const resumed = await resumeUpload(context, session);
    if (resumed === 'complete') {
      return;
    }
    session = resumed;
  }
}

/**
 * Brings a blob into a repository: finds it there, mounts it, or uploads it, and takes a broken upload up where the
 * registry still holds it. Rejects with RegistryResponseError (400: the bytes do not have the digest), with
 * RegistryConnectionError after the last attempt, and with what the source throws.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
 */
export async function pushBlob(
  transport: Transport,
  repository: RepositoryName,
  source: BlobSource,
  options: PushBlobOptions = {},
): Promise<BlobPushed> {
  const { mountFrom, signal } = options;
  const { digest, size } = source;
  if (options.checkFirst !== false && (await findBlob(transport, repository, digest, withSignal(signal)))) {
    return 'present';
  }
  const reader = createSourceReader(source);
  const onBytes = options.onBytes ?? (() => {});
  const context: UploadContext = { transport, repository, digest, size, reader, signal, onBytes };
  try {
    const opened = mountFrom === undefined ? await openUpload(context) : await mountBlob(context, mountFrom);
    if (opened === 'mounted') {
      return 'mounted';
    }
    await upload(context, opened, options);
    return 'uploaded';
  } finally {
    reader.close();
  }
}
