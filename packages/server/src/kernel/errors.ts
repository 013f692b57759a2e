/**
 * Every way a request can fail, as data. The code says what is wrong; how `/v2` and `/api/v2.0` show it
 * (status, envelope code) is decided in one table in `#platform/http`.
 */
export type ErrorCode =
  // who
  | 'unauthorized'
  | 'insufficient-scope'
  | 'denied'
  | 'login-throttled'
  // names and references
  | 'name-invalid'
  | 'tag-invalid'
  | 'digest-invalid'
  | 'digest-unsupported'
  | 'query-invalid'
  | 'body-invalid'
  // absent
  | 'project-not-found'
  | 'repository-not-found'
  | 'manifest-not-found'
  | 'blob-not-found'
  | 'upload-not-found'
  | 'object-not-found'
  | 'not-found'
  | 'route-not-found'
  | 'method-not-allowed'
  // content
  | 'digest-mismatch'
  | 'size-invalid'
  | 'upload-invalid'
  | 'upload-range-invalid'
  | 'range-unsatisfiable'
  | 'manifest-invalid'
  | 'manifest-blob-unknown'
  | 'manifest-too-large'
  | 'too-many-tags'
  // state
  | 'conflict'
  | 'project-exists'
  | 'project-not-empty'
  | 'precondition-failed'
  | 'tag-immutable'
  | 'upload-busy'
  | 'read-only'
  | 'unsupported'
  | 'not-implemented'
  // whom the registry asks
  | 'target-refused'
  | 'target-unreachable'
  | 'issuer-invalid'
  // limits and faults
  | 'quota-exceeded'
  | 'body-too-large'
  | 'body-timeout'
  | 'body-incomplete'
  | 'too-many-requests'
  | 'unavailable'
  | 'storage-full'
  | 'storage-failed'
  | 'internal';

/** A failure that a caller may show to its user. `message` is for humans and names the field and what was expected. */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable particulars for the envelope's `detail`; never a secret. */
  readonly detail: unknown;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { detail?: unknown; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RegistryError';
    this.code = code;
    this.detail = options.detail;
    this.retryAfter = options.retryAfter;
  }
}
