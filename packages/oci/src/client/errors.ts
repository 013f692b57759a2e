import type { HttpResponse } from './http-exchange.ts';
import { readBytes } from './response-body.ts';

/** A registry, or the token server it names, answered with a failure. */
export class RegistryResponseError extends Error {
  override readonly name = 'RegistryResponseError';
  readonly status: number;
  /** The codes of the error body, such as `MANIFEST_UNKNOWN`; empty when it has no such body. */
  readonly codes: readonly string[];
  /** Milliseconds the registry asks to wait, when it says. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, codes: readonly string[], message: string, retryAfterMs?: number) {
    super(message);
    this.status = status;
    this.codes = codes;
    this.retryAfterMs = retryAfterMs;
  }
}

/** No answer, or half of one: the connection failed or fell silent. Trying again may help. */
export class RegistryConnectionError extends Error {
  override readonly name = 'RegistryConnectionError';
}

/** A registry asked for something that would give credentials or content away. Trying again does not help. */
export class RegistryTrustError extends Error {
  override readonly name = 'RegistryTrustError';
}

/** A registry answered against the specification, so that the answer cannot be used. */
export class RegistryProtocolError extends Error {
  override readonly name = 'RegistryProtocolError';
}

/** Content does not have the digest or the size it was asked for by. */
export class ContentMismatchError extends Error {
  override readonly name = 'ContentMismatchError';
}

/** An index has no image for the platform that was asked for. */
export class PlatformNotFoundError extends Error {
  override readonly name = 'PlatformNotFoundError';
}

const longestErrorBody = 64 * 1024;

/** Makes text from a foreign server safe to print: control characters gone, length bounded. Never fails. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 500);
}

function readErrors(text: string): { codes: string[]; messages: string[] } {
  let errors: unknown;
  try {
    errors = (JSON.parse(text) as { errors?: unknown } | null)?.errors;
  } catch {
    return { codes: [], messages: [] };
  }
  const entries = (Array.isArray(errors) ? errors : []).filter(
    (entry): entry is Record<string, unknown> => typeof entry === 'object' && entry !== null,
  );
  const texts = (field: string) =>
    entries.map((entry) => entry[field]).filter((value) => typeof value === 'string' && value !== '') as string[];
  return { codes: texts('code').map(printable), messages: texts('message').map(printable) };
}

/** Names a URL in messages without its query, which may hold a signature or a token. Never fails. */
export function nameUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * Turns a failed answer into an error that names the request, the status and what the error body says. Reads and
 * releases the body. Never fails; an unreadable body only makes the message poorer.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
export async function readResponseError(
  method: string,
  url: URL,
  response: HttpResponse,
  retryAfterMs?: number,
): Promise<RegistryResponseError> {
  let text = '';
  try {
    text = Buffer.from(await readBytes(response, longestErrorBody)).toString('utf8');
  } catch {
    // The status alone must do.
  }
  const { codes, messages } = readErrors(text);
  const said = [...new Set([...codes, ...messages])].join(': ');
  const message = `${method} ${nameUrl(url)} answered ${response.status}${said === '' ? '' : `: ${said}`}`;
  return new RegistryResponseError(response.status, codes, message, retryAfterMs);
}
