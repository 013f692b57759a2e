import { ociErrors } from '@entrepot/oci/errors';
import { RegistryError } from '#kernel/errors';
import type { FlatHeaders, Reply } from './exchange.ts';
import { problemTable } from './problem-table.ts';

/**
 * An error as `/v2` shows it: the OCI envelope (distribution-spec, Error Codes). Headers of the caller, such as a
 * challenge, are added. A HEAD answer has the same headers and no body.
 */
export function ociErrorReply(error: RegistryError, extra: FlatHeaders = []): Reply {
  const problem = problemTable[error.code];
  const body = JSON.stringify(ociErrors(problem.oci, error.message, error.detail));
  const headers = ['Content-Type', 'application/json', 'Content-Length', String(Buffer.byteLength(body)), ...extra];
  if (error.retryAfter !== undefined) headers.push('Retry-After', String(error.retryAfter));
  return { status: problem.status, headers, body };
}

/** Turns anything thrown into an error that may be shown: what we did not expect is shown as an id, never as its message. */
export function toRegistryError(error: unknown, requestId: string): RegistryError {
  if (error instanceof RegistryError) return error;
  // PostgreSQL holds no NUL in text: whoever sent one meant nothing that is here (character_not_in_repertoire).
  if ((error as { code?: unknown } | undefined | null)?.code === '22021') {
    return new RegistryError('query-invalid', 'The request holds a NUL where text was expected.', { cause: error });
  }
  return new RegistryError('internal', `Something went wrong on our side; the log has it under ${requestId}.`, {
    cause: error,
  });
}

/** Whether the operator has to know: faults of ours, not mistakes of clients. */
export function isFault(error: RegistryError): boolean {
  return error.code === 'internal' || error.code === 'storage-failed' || error.code === 'storage-full';
}
