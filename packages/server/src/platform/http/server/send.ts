import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import type { Exchange, Reply } from '#platform/http';
import { isByteSource, pump } from './pump.ts';

/** So much of a body that nobody wanted is read and dropped before the connection is broken instead. */
const drainBytes = 64 * 1024 * 1024;
const drainMs = 2000;

/** Writes the reply, which is never taken for anything but what it says it is. Resolves when the last byte was handed to the socket or the client is gone. */
export function send(exchange: Exchange, response: ServerResponse, reply: Reply, idleMs: number): void | Promise<void> {
  const leftover = exchange.hasBody && !exchange.request.complete;
  if (leftover) response.setHeader('Connection', 'close');
  const { body } = reply;
  const headers = [...reply.headers, 'X-Content-Type-Options', 'nosniff'];
  if (body instanceof Readable) {
    response.writeHead(reply.status, headers);
    return isByteSource(body) ? pump(response, body, reply, idleMs) : sendStream(response, body, reply, idleMs);
  }
  const bytes = body === undefined ? 0 : body.length;
  response.writeHead(reply.status, headers);
  if (leftover) lingerAndClose(exchange);
  if (exchange.method === 'HEAD' || body === undefined) response.end();
  else response.end(body, reply.encoding ?? 'utf8');
  dropIdleReader(response, idleMs);
  reply.onEnd?.(true, bytes);
}

/** A client that takes nothing of its answer for so long is let go: Node ends a connection whose timer fires unheard. */
function dropIdleReader(response: ServerResponse, idleMs: number): void {
  const { socket } = response;
  // Without a socket it waits behind other answers for its turn.
  if (socket === null) response.once('socket', (later: Socket) => later.setTimeout(idleMs));
  else if (socket.writableLength > 0) socket.setTimeout(idleMs);
}

/**
 * An early answer to a long body: the client may read the answer only after it has sent for a while, so what it sends
 * is dropped for a moment rather than met with a reset, which would take the answer with it (RFC 9112, section 9.6).
 */
function lingerAndClose({ request }: Exchange): void {
  const { socket } = request;
  // Node calls this as soon as the last byte of a last answer is out, and would close for both directions.
  socket.destroySoon = () => socket.end();
  let dropped = 0;
  const close = () => socket.destroy();
  const closeWhenBothEnded = () => {
    if (request.readableEnded && socket.writableFinished) close();
  };
  const timer = setTimeout(close, drainMs);
  timer.unref();
  socket.once('close', () => clearTimeout(timer));
  request.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > drainBytes) close();
  });
  request.once('end', closeWhenBothEnded);
  socket.once('finish', closeWhenBothEnded);
  request.on('error', close);
  request.resume();
}

function sendStream(response: ServerResponse, body: Readable, reply: Reply, idleMs: number): Promise<void> {
  return new Promise((resolve) => {
    const { socket } = response;
    let sent = 0;
    let settled = false;
    const finish = (complete: boolean) => {
      if (settled) return;
      settled = true;
      // After the last byte the timer is the connection's own again, which counts how long it may rest.
      socket?.off('timeout', giveUp);
      body.destroy();
      // Half a blob must not look like a whole one: the connection is broken rather than ended.
      if (!complete) response.destroy();
      reply.onEnd?.(complete, sent);
      resolve();
    };
    const giveUp = () => finish(false);
    socket?.setTimeout(idleMs);
    socket?.on('timeout', giveUp);
    body.on('data', (chunk: Buffer) => {
      sent += chunk.length;
      if (!response.write(chunk)) body.pause();
    });
    response.on('drain', () => body.resume());
    body.once('end', () => response.end(() => finish(true)));
    body.once('error', () => finish(false));
    response.once('close', () => finish(response.writableFinished));
  });
}
