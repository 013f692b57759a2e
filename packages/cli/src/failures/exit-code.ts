import {
  PlatformNotFoundError,
  RegistryConnectionError,
  RegistryResponseError,
  RegistryTrustError,
} from '@entrepot/oci/client/errors';
import { OciNameError } from '@entrepot/oci/name-error';
import {
  CredentialError,
  InterruptError,
  MissingError,
  PartialFailure,
  UnreachableError,
  UsageError,
} from './failures.ts';

/** The exit codes scripts may rely on, with what each one means. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  network: 6,
  partial: 7,
  conflict: 8,
  interrupted: 130,
  brokenPipe: 141,
} as const;

/** What each exit code means, for the reference. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'Done.',
  failure: 'Failed for a reason that has no code of its own.',
  usage: 'The command line cannot be meant: nothing was tried.',
  notFound: 'Not found: an image, a repository, a platform, a file.',
  denied: 'Not permitted: log in, or ask for the permission.',
  network: 'The registry cannot be reached: name, network, TLS, time limit.',
  partial: 'Some of several things were done, some failed; each failure was told.',
  conflict: 'The registry refuses to change what is there: a conflict, an immutable tag.',
  interrupted: 'Interrupted.',
  brokenPipe: 'The reader of the output went away.',
};

function ofStatus({ status, codes }: RegistryResponseError): number {
  if (status === 401 || status === 403) {
    return exitCodes.denied;
  }
  if (status === 404 || codes.includes('MANIFEST_UNKNOWN') || codes.includes('NAME_UNKNOWN')) {
    return exitCodes.notFound;
  }
  if (status === 408 || status === 504) {
    return exitCodes.network;
  }
  return status === 409 || status === 412 ? exitCodes.conflict : exitCodes.failure;
}

/** The exit code for what went wrong. Never fails. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptError) {
    return error.signal === 'SIGPIPE' ? exitCodes.brokenPipe : exitCodes.interrupted;
  }
  if (error instanceof PartialFailure) {
    return error.succeeded > 0 ? exitCodes.partial : exitCodeOf(error.failures[0]);
  }
  if (error instanceof RegistryResponseError) {
    return ofStatus(error);
  }
  if (error instanceof UsageError || error instanceof OciNameError) {
    return exitCodes.usage;
  }
  if (error instanceof MissingError || error instanceof PlatformNotFoundError) {
    return exitCodes.notFound;
  }
  if (error instanceof CredentialError) {
    return exitCodes.denied;
  }
  const isNetwork = [RegistryConnectionError, RegistryTrustError, UnreachableError].some(
    (kind) => error instanceof kind,
  );
  return isNetwork ? exitCodes.network : exitCodes.failure;
}
