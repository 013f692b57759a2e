import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const sentId = /^[\w.:-]{1,64}$/;

/** The client's request id where it is harmless to repeat, else a new one. */
export function requestIdOf(request: IncomingMessage): string {
  const sent = request.headers['x-request-id'];
  return typeof sent === 'string' && sentId.test(sent) ? sent : randomUUID();
}
