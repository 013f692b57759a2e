import type { RegistryError } from '#kernel/errors';
import { type Exchange, isFault, problemTable, type Reply, toRegistryError } from '#platform/http';

/** Told of failures that are our own. */
export type OnFault = (error: RegistryError, exchange: Exchange) => void;

/** What a page of the sign-in answers with; cookies are values of `Set-Cookie`. */
export interface BrowserReply {
  readonly status: number;
  /** Answered as JSON. */
  readonly body?: unknown;
  readonly location?: string;
  readonly cookies?: readonly string[];
}

/** Runs the work of one request outside the contract and answers it; failures in Harbor's envelope. Nothing is cached. */
export async function answerBrowser(
  exchange: Exchange,
  onFault: OnFault,
  work: () => Promise<BrowserReply>,
): Promise<Reply> {
  try {
    return toReply(exchange, await work());
  } catch (error) {
    const told = toRegistryError(error, exchange.requestId);
    if (isFault(told)) onFault(told, exchange);
    const { status, harbor } = problemTable[told.code];
    const body = { errors: [{ code: harbor, message: told.message }] };
    const reply = toReply(exchange, { status, body });
    if (told.retryAfter === undefined) return reply;
    return { ...reply, headers: [...reply.headers, 'Retry-After', String(told.retryAfter)] };
  }
}

function toReply(exchange: Exchange, { status, body, location, cookies = [] }: BrowserReply): Reply {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = ['Content-Length', String(Buffer.byteLength(text)), 'Cache-Control', 'no-store'];
  headers.push('X-Request-Id', exchange.requestId);
  if (body !== undefined) headers.push('Content-Type', 'application/json; charset=utf-8');
  if (location !== undefined) headers.push('Location', location);
  for (const cookie of cookies) headers.push('Set-Cookie', cookie);
  return { status, headers, body: text };
}

/** Names and passwords. */
const longestForm = 64 * 1024;

/** Reads a form. Fails with `body-too-large`. */
export async function readForm(exchange: Exchange): Promise<URLSearchParams> {
  return new URLSearchParams((await exchange.readBody(longestForm, 'body-too-large')).toString('utf8'));
}
