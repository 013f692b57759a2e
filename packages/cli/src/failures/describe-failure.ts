import {
  ContentMismatchError,
  PlatformNotFoundError,
  RegistryConnectionError,
  RegistryProtocolError,
  RegistryResponseError,
  RegistryTrustError,
} from '@entrepot/oci/client/errors';
import { ManifestError } from '@entrepot/oci/manifest-error';
import { OciNameError } from '@entrepot/oci/name-error';
import { exitCodeOf } from './exit-code.ts';
import {
  CredentialError,
  InterruptError,
  LocalFileError,
  MissingError,
  PartialFailure,
  UnreachableError,
  UsageError,
} from './failures.ts';
import { hintFor } from './hint.ts';

/** A failure as it is told. */
export interface DescribedFailure {
  /** For scripts: the registry's own code where it gave one. */
  readonly code: string;
  readonly message: string;
  readonly http?: number;
  readonly hint?: string;
  readonly exitCode: number;
}

const codes: readonly (readonly [new (...parameters: never[]) => Error, string])[] = [
  [UsageError, 'USAGE'],
  [OciNameError, 'NAME_INVALID'],
  [InterruptError, 'INTERRUPTED'],
  [MissingError, 'NOT_FOUND'],
  [PlatformNotFoundError, 'PLATFORM_NOT_FOUND'],
  [LocalFileError, 'LOCAL_FILE'],
  [CredentialError, 'CREDENTIALS'],
  [PartialFailure, 'PARTIAL'],
  [RegistryConnectionError, 'NETWORK'],
  [RegistryTrustError, 'NOT_TRUSTED'],
  [RegistryProtocolError, 'PROTOCOL'],
  [ContentMismatchError, 'CONTENT_MISMATCH'],
  [ManifestError, 'MANIFEST_INVALID'],
];

function codeOf(error: unknown): string {
  if (error instanceof RegistryResponseError) {
    return error.codes[0] ?? `HTTP_${error.status}`;
  }
  if (error instanceof UnreachableError) {
    return error.code;
  }
  const system = (error as NodeJS.ErrnoException | undefined)?.code;
  return codes.find(([kind]) => error instanceof kind)?.[1] ?? (typeof system === 'string' ? system : 'FAILED');
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code, path } = error as NodeJS.ErrnoException;
  switch (path === undefined ? undefined : code) {
    case 'ENOENT':
      return `${path} does not exist`;
    case 'EACCES':
    case 'EPERM':
      return `${path} may not be read or written by this user`;
    case 'ENOSPC':
      return `there is no space left for ${path}`;
    case 'EROFS':
      return `${path} is on a read-only file system`;
    default:
      return error.message;
  }
}

/** What to tell of a failure, to people and to scripts. Never fails. */
export function describeFailure(error: unknown): DescribedFailure {
  const hint = hintFor(error);
  return {
    code: codeOf(error),
    message: messageOf(error),
    ...(error instanceof RegistryResponseError ? { http: error.status } : {}),
    ...(hint === undefined ? {} : { hint }),
    exitCode: exitCodeOf(error),
  };
}
