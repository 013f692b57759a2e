import type { ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import type { Reply } from '#platform/http';

/** A stream that can also fill memory it is given, so that the same memory serves a whole blob and the next one. */
export interface ByteSource {
  /** Answers how many bytes came, 0 at the end. */
  readInto(target: Uint8Array): Promise<number>;
}

export function isByteSource(body: Readable): body is Readable & ByteSource {
  return 'readInto' in body && typeof body.readInto === 'function';
}

/** Large enough that the calls cost nothing beside the copying; a pump holds two. */
const largeBuffer = 512 * 1024;
const smallBuffer = 128 * 1024;

/** So many pumps at once get large buffers: beyond that, memory counts more than the speed of a single one. */
const fewPumps = 32;

/** Buffers that no pump uses now, kept for the next. */
const idleBuffers: Buffer[] = [];
const mostIdle = 8;
let pumps = 0;

function takeBuffer(size: number): Buffer {
  return (size === largeBuffer ? idleBuffers.pop() : undefined) ?? Buffer.allocUnsafeSlow(size);
}

function giveBack(buffer: Buffer): void {
  if (buffer.length === largeBuffer && idleBuffers.length < mostIdle) idleBuffers.push(buffer);
}

/**
 * Sends a source through two buffers in turn: one is filled while the other is on its way to the socket. Resolves when
 * everything was handed over or the client is gone; half a blob ends with a broken connection, never cleanly.
 */
export async function pump(
  response: ServerResponse,
  body: Readable & ByteSource,
  reply: Reply,
  idleMs: number,
): Promise<void> {
  pumps += 1;
  const size = pumps <= fewPumps ? largeBuffer : smallBuffer;
  const buffers = [takeBuffer(size), takeBuffer(size)] as const;
  const { socket } = response;
  const giveUp = () => response.destroy();
  socket?.setTimeout(idleMs);
  socket?.on('timeout', giveUp);
  let sent = 0;
  let complete = false;
  let sending: Promise<void> = Promise.resolve();
  try {
    for (let turn = 0; ; turn += 1) {
      const buffer = turn % 2 === 0 ? buffers[0] : buffers[1];
      const count = await body.readInto(buffer);
      await sending;
      if (count === 0) break;
      sent += count;
      sending = write(response, count === buffer.length ? buffer : buffer.subarray(0, count));
      // Looked at after the next read; a client that leaves before that is no unhandled failure.
      sending.catch(() => undefined);
    }
    complete = await end(response);
  } catch {
    response.destroy();
    // The buffers may be used again only when the socket has let go of them.
    await sending.catch(() => undefined);
  } finally {
    pumps -= 1;
    // After the last byte the timer is the connection's own again, which counts how long it may rest.
    socket?.off('timeout', giveUp);
    body.destroy();
    for (const buffer of buffers) giveBack(buffer);
    reply.onEnd?.(complete, sent);
  }
}

/** Resolves when the socket is done with the memory; rejects when the client has left. */
function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('the client left'));
    response.once('close', gone);
    response.write(bytes, (error) => {
      response.off('close', gone);
      if (error === null || error === undefined) resolve();
      else reject(error);
    });
  });
}

/** Ends the answer. Resolves to whether the client was still there. */
function end(response: ServerResponse): Promise<boolean> {
  return new Promise((resolve) => {
    response.once('close', () => resolve(response.writableFinished));
    response.end(() => resolve(true));
  });
}
