import { RegistryError } from '#kernel/errors';

const passing = new Set([
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
  'ServiceUnavailable',
  'InternalError',
  'XMinioServerNotInitialized',
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
]);
const full = new Set(['QuotaExceeded', 'StorageFull', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']);
const retryAfterSeconds = 5;

/** The code that the store or the network gave: `NoSuchKey`, `SlowDown`, `ECONNREFUSED`; `Unknown` when neither did. */
export function s3Code(error: unknown): string {
  if (error instanceof RegistryError) {
    return error.cause === undefined ? 'Unknown' : s3Code(error.cause);
  }
  if (!(error instanceof Error)) {
    return 'Unknown';
  }
  const generic = error.name === 'Error' || error.name === 'AggregateError' || error.name === 'TimeoutError';
  return generic && 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

function httpStatus(error: unknown): number | undefined {
  const metadata = error instanceof Error && '$metadata' in error ? error.$metadata : undefined;
  const status = (metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  return typeof status === 'number' ? status : undefined;
}

/**
 * Turns a failed call into the failure to report: `unavailable` for what may pass, `storage-full`, else `storage-failed`.
 * The message has the store's code and none of its words, which may name keys.
 */
export function s3Error(error: unknown, doing: string): RegistryError {
  if (error instanceof RegistryError) {
    return error;
  }
  const code = s3Code(error);
  const status = httpStatus(error);
  const text = status === undefined || status < 300 ? code : `${code}, HTTP ${status}`;
  if (full.has(code) || status === 507) {
    return new RegistryError('storage-full', `${doing} failed: the object store is full (${text}).`, { cause: error });
  }
  if (passing.has(code) || status === 429 || (status ?? 0) >= 500) {
    return new RegistryError(
      'unavailable',
      `${doing} failed: the object store does not answer as it should (${text}).`,
      {
        cause: error,
        retryAfter: retryAfterSeconds,
      },
    );
  }
  return new RegistryError('storage-failed', `${doing} failed: the object store refused (${text}).`, { cause: error });
}
