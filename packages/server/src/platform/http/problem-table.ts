import type { OciErrorCode } from '@entrepot/oci/errors';
import type { ErrorCode } from '#kernel/errors';

interface Problem {
  readonly status: number;
  /** The code in the OCI envelope on `/v2` (distribution-spec, Error Codes). */
  readonly oci: OciErrorCode;
  /** The code in Harbor's envelope on `/api/v2.0`. */
  readonly harbor: string;
}

/** How each failure looks from outside. A code that is not decided here does not compile. */
export const problemTable = {
  unauthorized: { status: 401, oci: 'UNAUTHORIZED', harbor: 'UNAUTHORIZED' },
  'insufficient-scope': { status: 401, oci: 'UNAUTHORIZED', harbor: 'UNAUTHORIZED' },
  denied: { status: 403, oci: 'DENIED', harbor: 'FORBIDDEN' },
  'login-throttled': { status: 429, oci: 'TOOMANYREQUESTS', harbor: 'TOO_MANY_REQUEST' },
  'name-invalid': { status: 400, oci: 'NAME_INVALID', harbor: 'BAD_REQUEST' },
  'tag-invalid': { status: 400, oci: 'MANIFEST_INVALID', harbor: 'BAD_REQUEST' },
  'digest-invalid': { status: 400, oci: 'DIGEST_INVALID', harbor: 'DIGEST_INVALID' },
  'digest-unsupported': { status: 400, oci: 'DIGEST_INVALID', harbor: 'DIGEST_INVALID' },
  'query-invalid': { status: 400, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  'body-invalid': { status: 400, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  'project-not-found': { status: 404, oci: 'NAME_UNKNOWN', harbor: 'NOT_FOUND' },
  'repository-not-found': { status: 404, oci: 'NAME_UNKNOWN', harbor: 'NOT_FOUND' },
  'manifest-not-found': { status: 404, oci: 'MANIFEST_UNKNOWN', harbor: 'NOT_FOUND' },
  'blob-not-found': { status: 404, oci: 'BLOB_UNKNOWN', harbor: 'NOT_FOUND' },
  'upload-not-found': { status: 404, oci: 'BLOB_UPLOAD_UNKNOWN', harbor: 'NOT_FOUND' },
  'object-not-found': { status: 404, oci: 'UNSUPPORTED', harbor: 'NOT_FOUND' },
  'not-found': { status: 404, oci: 'NAME_UNKNOWN', harbor: 'NOT_FOUND' },
  'route-not-found': { status: 404, oci: 'UNSUPPORTED', harbor: 'NOT_FOUND' },
  'method-not-allowed': { status: 405, oci: 'UNSUPPORTED', harbor: 'METHOD_NOT_ALLOWED' },
  'digest-mismatch': { status: 400, oci: 'DIGEST_INVALID', harbor: 'DIGEST_INVALID' },
  'size-invalid': { status: 400, oci: 'SIZE_INVALID', harbor: 'BAD_REQUEST' },
  'upload-invalid': { status: 400, oci: 'BLOB_UPLOAD_INVALID', harbor: 'BAD_REQUEST' },
  'upload-range-invalid': { status: 416, oci: 'BLOB_UPLOAD_INVALID', harbor: 'BAD_REQUEST' },
  'range-unsatisfiable': { status: 416, oci: 'SIZE_INVALID', harbor: 'BAD_REQUEST' },
  'manifest-invalid': { status: 400, oci: 'MANIFEST_INVALID', harbor: 'MANIFEST_INVALID' },
  'manifest-blob-unknown': { status: 400, oci: 'MANIFEST_BLOB_UNKNOWN', harbor: 'MANIFEST_INVALID' },
  'manifest-too-large': { status: 413, oci: 'SIZE_INVALID', harbor: 'REQUEST_ENTITY_TOO_LARGE' },
  'too-many-tags': { status: 414, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  conflict: { status: 409, oci: 'DENIED', harbor: 'CONFLICT' },
  'project-exists': { status: 409, oci: 'DENIED', harbor: 'CONFLICT' },
  'project-not-empty': { status: 412, oci: 'DENIED', harbor: 'PRECONDITION' },
  'precondition-failed': { status: 412, oci: 'DENIED', harbor: 'PRECONDITION' },
  'tag-immutable': { status: 412, oci: 'DENIED', harbor: 'PRECONDITION' },
  'upload-busy': { status: 409, oci: 'BLOB_UPLOAD_INVALID', harbor: 'CONFLICT' },
  'read-only': { status: 405, oci: 'UNSUPPORTED', harbor: 'METHOD_NOT_ALLOWED' },
  'not-implemented': { status: 501, oci: 'UNSUPPORTED', harbor: 'NOT_IMPLEMENTED' },
  unsupported: { status: 405, oci: 'UNSUPPORTED', harbor: 'METHOD_NOT_ALLOWED' },
  'target-refused': { status: 400, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  'target-unreachable': { status: 400, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  'issuer-invalid': { status: 400, oci: 'UNSUPPORTED', harbor: 'BAD_REQUEST' },
  'quota-exceeded': { status: 403, oci: 'DENIED', harbor: 'DENIED' },
  'body-too-large': { status: 413, oci: 'SIZE_INVALID', harbor: 'REQUEST_ENTITY_TOO_LARGE' },
  'body-timeout': { status: 408, oci: 'BLOB_UPLOAD_INVALID', harbor: 'BAD_REQUEST' },
  'body-incomplete': { status: 400, oci: 'SIZE_INVALID', harbor: 'BAD_REQUEST' },
  'too-many-requests': { status: 429, oci: 'TOOMANYREQUESTS', harbor: 'TOO_MANY_REQUEST' },
  unavailable: { status: 503, oci: 'TOOMANYREQUESTS', harbor: 'UNKNOWN' },
  'storage-full': { status: 507, oci: 'DENIED', harbor: 'UNKNOWN' },
  'storage-failed': { status: 500, oci: 'UNSUPPORTED', harbor: 'UNKNOWN' },
  internal: { status: 500, oci: 'UNSUPPORTED', harbor: 'UNKNOWN' },
} as const satisfies Record<ErrorCode, Problem>;
