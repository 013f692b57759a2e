import { createHash } from 'node:crypto';
import type { CommitRequest } from '#platform/blobs';
import { RegistryError } from '#kernel/errors';
import { digestAlgorithm, digestHex } from '@entrepot/oci/digest';
import type { ObjectCalls } from './object-calls.ts';
import { openObject, type ReadRules } from './object-stream.ts';
import type { PartMemory } from './part-memory.ts';
import { s3Code } from './s3-error.ts';
import { type Staged, stagedBytes, type StoredPart, tailKeys } from './stage-state.ts';

/** How a commit reads what it checks, and the memory for a part that it stores again. */
interface CommitRules extends ReadRules {
  readonly memory: PartMemory;
}

/** Turns a staged upload into one object and returns its key. May be called again after it failed. */
export async function commitObject(
  calls: ObjectCalls,
  staged: Staged,
  request: CommitRequest,
  rules: CommitRules,
): Promise<string> {
  const size = stagedBytes(staged);
  if (size !== request.size) {
    throw new RegistryError('size-invalid', `The upload has ${size} bytes; expected ${request.size}.`, {
      detail: { staged: size, expected: request.size },
    });
  }
  const key = await makeObject(calls, staged, size, rules.memory);
  const stored = await calls.head(key);
  if (stored?.size !== size) {
    throw new RegistryError(
      'storage-failed',
      `Storing a blob failed: the object store says it has ${stored?.size ?? 'none'} of ${size} bytes.`,
    );
  }
  if (!request.verified) {
    await assertDigest(calls, key, request, rules);
  }
  const leftovers = tailKeys(staged.key, staged.tails).filter((tail) => tail !== key);
  await Promise.allSettled(leftovers.map((tail) => calls.delete(tail)));
  return key;
}

async function makeObject(calls: ObjectCalls, staged: Staged, size: number, memory: PartMemory): Promise<string> {
  const { key, uploadId, tail } = staged;
  if (size === 0) {
    await calls.put(key, new Uint8Array(0));
    if (uploadId !== undefined) {
      await calls.abortUpload(key, uploadId);
    }
    return key;
  }
  if (uploadId === undefined) {
    return tail?.key ?? key;
  }
  const parts = [...staged.parts, ...(tail === undefined ? [] : [{ etag: tail.etag ?? '', size: tail.size }])];
  await complete(calls, { key, uploadId, parts, size }, async () => {
    if (tail === undefined) {
      return undefined;
    }
    const lease = await memory.take(tail.size);
    try {
      let filled = 0;
      for await (const chunk of (await calls.get(tail.key, { first: 0, last: tail.size - 1 })).body) {
        filled += (chunk as Buffer).copy(lease.memory, filled);
      }
      const bytes = lease.memory.subarray(0, tail.size);
      return [...staged.parts, await calls.putPart(key, uploadId, parts.length, bytes)];
    } finally {
      lease.release();
    }
  });
  return key;
}

interface Completion {
  readonly key: string;
  readonly uploadId: string;
  readonly parts: readonly StoredPart[];
  readonly size: number;
}

/**
 * Completes an upload. When the answer is lost or says that there is no such upload, an earlier try may have done it: the
 * object itself tells. When the last part is not the one that was recorded, because a later append was lost, it is stored
 * again from the tail.
 */
async function complete(
  calls: ObjectCalls,
  completion: Completion,
  repairLastPart: () => Promise<readonly StoredPart[] | undefined>,
): Promise<void> {
  const { key, uploadId, parts, size } = completion;
  try {
    await calls.completeUpload(key, uploadId, parts);
  } catch (error) {
    const repaired = s3Code(error) === 'InvalidPart' ? await repairLastPart() : undefined;
    if (repaired !== undefined) {
      await complete(calls, { ...completion, parts: repaired }, async () => undefined);
      return;
    }
    const stored = await calls.head(key).catch(() => undefined);
    if (stored?.size !== size) {
      throw error;
    }
  }
}

async function assertDigest(calls: ObjectCalls, key: string, request: CommitRequest, rules: ReadRules): Promise<void> {
  const hash = createHash(digestAlgorithm(request.digest));
  for await (const chunk of await openObject(calls, key, undefined, rules)) {
    hash.update(chunk as Buffer);
  }
  if (hash.digest('hex') !== digestHex(request.digest)) {
    throw new RegistryError('digest-mismatch', `The uploaded bytes are not ${request.digest}.`, {
      detail: { expected: request.digest },
    });
  }
}
