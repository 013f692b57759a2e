/**
 * The error codes of the distribution specification. Registries use no others.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
export type OciErrorCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS';

/** One entry of an error body. */
export interface OciError {
  readonly code: OciErrorCode;
  readonly message: string;
  readonly detail?: unknown;
}

/** The JSON body of a failed /v2 request. */
export interface OciErrorEnvelope {
  readonly errors: readonly OciError[];
}

/**
 * Builds an error body with one entry. `detail` is left out when undefined. Never fails.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
export function ociErrors(code: OciErrorCode, message: string, detail?: unknown): OciErrorEnvelope {
  return { errors: [detail === undefined ? { code, message } : { code, message, detail }] };
}
