import type { Readable } from 'node:stream';
import { RegistryError } from '#kernel/errors';
import type { ObjectCalls } from './object-calls.ts';
import type { PartMemory } from './part-memory.ts';
import { createPartWriter, type PartWriter } from './part-writer.ts';
import { partBytes, type Staged, stagedBytes, type StoredPart } from './stage-state.ts';

/** What an append needs beside its bytes. */
export interface AppendRules {
  readonly partSize: number;
  /** How many full parts may be on their way at this moment. */
  readonly inFlight: () => number;
  /** What the parts of all uploads are gathered in. */
  readonly memory: PartMemory;
  /** The key for an upload that has to be staged anew. */
  readonly newKey: () => string;
}

/** The bytes of one append and where they go. */
export interface ObjectAppend {
  readonly offset: number;
  readonly source: AsyncIterable<Uint8Array>;
  readonly onChunk: (chunk: Uint8Array) => void;
}

/**
 * Appends a source to a staged upload. A source that ends early keeps its bytes and returns the reason. The staged value
 * that was given stays usable when the append rejects, and when its outcome is never recorded.
 */
export async function appendToObject(
  calls: ObjectCalls,
  before: Staged,
  { offset, source, onChunk }: ObjectAppend,
  rules: AppendRules,
): Promise<{ readonly staged: Staged; readonly written: number; readonly failure?: unknown }> {
  const start = await goBackTo(calls, before, offset, rules);
  let writer: PartWriter | undefined;
  let refused: { readonly error: unknown } | undefined;

  async function keep(chunk: Uint8Array): Promise<void> {
    try {
      if (writer === undefined) {
        writer = createPartWriter(calls, start.staged, rules);
        await writeTail(calls, writer, start);
      }
      await writer.write(chunk);
    } catch (error) {
      refused = { error };
      throw error;
    }
  }

  let written = 0;
  let failure: { readonly failure: unknown } | undefined;
  try {
    for await (const chunk of source) {
      onChunk(chunk);
      if (chunk.byteLength > 0) {
        await keep(chunk);
        written += chunk.byteLength;
      }
    }
  } catch (error) {
    failure = { failure: error ?? new Error('The source ended without saying why.') };
  }
  try {
    if (refused !== undefined) {
      throw refused.error;
    }
    if (writer === undefined && start.tailBytes !== (start.staged.tail?.size ?? 0)) {
      await keep(new Uint8Array(0));
    }
    return { staged: (await writer?.finish()) ?? start.staged, written, ...failure };
  } catch (error) {
    await writer?.drop();
    throw error;
  }
}

/** A staged upload, and how much of its tail is to be kept. */
interface StartingPoint {
  readonly staged: Staged;
  readonly tailBytes: number;
}

async function goBackTo(
  calls: ObjectCalls,
  staged: Staged,
  offset: number,
  rules: AppendRules,
): Promise<StartingPoint> {
  const size = stagedBytes(staged);
  if (offset > size) {
    throw new RegistryError(
      'upload-invalid',
      `Only ${size} of the ${offset} bytes of this upload are still there; start it again.`,
      { detail: { kept: size, wanted: offset } },
    );
  }
  const inParts = partBytes(staged);
  if (offset > inParts) {
    return { staged, tailBytes: offset - inParts };
  }
  const kept: StoredPart[] = [];
  let sum = 0;
  for (const part of staged.parts) {
    if (sum >= offset) {
      break;
    }
    kept.push(part);
    sum += part.size;
  }
  if (sum > offset) {
    return stageAnew(calls, staged, kept, offset, rules);
  }
  const { tail: _tail, ...rest } = staged;
  return { staged: { ...rest, parts: kept }, tailBytes: 0 };
}

async function writeTail(calls: ObjectCalls, writer: PartWriter, { staged, tailBytes }: StartingPoint): Promise<void> {
  if (staged.tail !== undefined && tailBytes > 0) {
    await copyInto(writer, (await calls.get(staged.tail.key, { first: 0, last: tailBytes - 1 })).body);
  }
}

async function copyInto(writer: PartWriter, body: Readable): Promise<void> {
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    await writer.write(chunk);
  }
}

/**
 * Goes back to the middle of a part. The bytes of a part cannot be read before its upload is complete, so the parts up
 * to there are made an object, and what is to be kept of it is staged again. Only a client that repeats bytes which were
 * acknowledged already makes this happen.
 */
async function stageAnew(
  calls: ObjectCalls,
  staged: Staged,
  parts: readonly StoredPart[],
  offset: number,
  rules: AppendRules,
): Promise<StartingPoint> {
  if (staged.uploadId !== undefined) {
    await calls.completeUpload(staged.key, staged.uploadId, parts);
  }
  const fresh: Staged = { key: rules.newKey(), parts: [], tails: 0 };
  const writer = createPartWriter(calls, fresh, rules);
  try {
    await copyInto(writer, (await calls.get(staged.key, { first: 0, last: offset - 1 })).body);
    const copied = await writer.finish();
    await calls.delete(staged.key);
    return { staged: copied, tailBytes: copied.tail?.size ?? 0 };
  } catch (error) {
    await writer.drop();
    throw error;
  }
}
