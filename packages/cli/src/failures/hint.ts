import {
  ContentMismatchError,
  PlatformNotFoundError,
  RegistryConnectionError,
  RegistryResponseError,
  RegistryTrustError,
} from '@entrepot/oci/client/errors';
import { type FailureFacts, findFailureFacts } from './failure-facts.ts';
import { CredentialError, LocalFileError, MissingError, UnreachableError, UsageError } from './failures.ts';

const certificateHint =
  'trust the authority that signed it with --ca-file FILE, or skip the check with --insecure on a network you trust.';

const hintsByCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host name; check its spelling and the DNS of this machine.',
  EAI_AGAIN: 'the DNS of this machine does not answer; check the network.',
  ECONNREFUSED: 'nothing listens at that address; check host and port, and whether the registry runs.',
  EHOSTUNREACH: 'there is no way to that host; check the network and HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  ENETUNREACH: 'there is no way to that network; check the network and HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  ETIMEDOUT: 'the host does not answer; check the network and HTTP_PROXY, HTTPS_PROXY and NO_PROXY.',
  EPROTO: 'the registry does not speak TLS there; if it is meant to be plain HTTP, add --plain-http.',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the registry does not speak TLS there; if it is meant to be plain HTTP, add --plain-http.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'the registry does not speak TLS there; if it is meant to be plain HTTP, add --plain-http.',
  CERT_HAS_EXPIRED: 'the certificate of the registry has expired; it must be renewed there.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host name; name the registry as its certificate does.',
  DEPTH_ZERO_SELF_SIGNED_CERT: certificateHint,
  SELF_SIGNED_CERT_IN_CHAIN: certificateHint,
  UNABLE_TO_GET_ISSUER_CERT: certificateHint,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: certificateHint,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: certificateHint,
};

function listHint({ registry, repository }: FailureFacts, codes: readonly string[]): string {
  if (repository === undefined) {
    return 'this registry may not list its repositories; name one: entrepot ls HOST/REPOSITORY';
  }
  return codes.includes('NAME_UNKNOWN')
    ? `see which repositories there are: entrepot ls ${registry}`
    : `see which tags there are: entrepot ls ${registry}/${repository}`;
}

function deniedHint({ registry, authenticated }: FailureFacts): string {
  return authenticated
    ? `the credentials for ${registry} do not permit this, or are wrong; log in with others: entrepot login ${registry}`
    : `log in first: entrepot login ${registry}`;
}

/** What these mean is known for images only; of other things the answer itself says what is wrong. */
const aboutImages: ReadonlySet<number> = new Set([400, 404, 405, 409, 412, 413]);

function hintForResponse(error: RegistryResponseError): string | undefined {
  const facts = findFailureFacts(error);
  if (facts?.management === true && aboutImages.has(error.status)) {
    return undefined;
  }
  switch (error.status) {
    case 401:
    case 403:
      return facts === undefined ? undefined : deniedHint(facts);
    case 404:
      return facts === undefined ? undefined : listHint(facts, error.codes);
    case 400:
      return error.codes.includes('MANIFEST_BLOB_UNKNOWN')
        ? 'the registry wants everything an index names; copy all platforms, or exactly one with --platform.'
        : undefined;
    case 405:
      return error.message.startsWith('DELETE ')
        ? 'this registry may remove images only by their digest, or not at all: entrepot rm REPOSITORY@DIGEST'
        : undefined;
    case 409:
    case 412:
      return 'the tag may be immutable, or in use; choose another one.';
    case 413:
      return 'the registry, or a proxy before it, limits the size of requests; the limit must be raised there.';
    case 429:
      return 'the registry limits how often it may be asked; wait, or log in for a higher limit.';
    case 507:
      return 'the registry has no room left.';
    default:
      return error.status >= 500 ? 'the registry is in trouble; try again later, or look into its log.' : undefined;
  }
}

/** The first code in a chain of causes that something is known about. */
function findCode(error: Error): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code !== undefined && code in hintsByCode) {
      return code;
    }
  }
  return undefined;
}

/** What the user can do about a failure, in one sentence; undefined when nothing is known. Never fails. */
export function hintFor(error: unknown): string | undefined {
  if (error instanceof RegistryResponseError) {
    return hintForResponse(error);
  }
  if (error instanceof UnreachableError || error instanceof RegistryConnectionError) {
    const code = findCode(error);
    return code === undefined ? 'check the network, and try again.' : hintsByCode[code];
  }
  if (error instanceof PlatformNotFoundError) {
    return 'see which platforms there are: entrepot inspect REF';
  }
  if (error instanceof ContentMismatchError) {
    return 'nothing of it was kept; try again, and if it stays so the content is damaged where it comes from.';
  }
  if (error instanceof RegistryTrustError) {
    return 'the address the registry named is not used; the registry, or a proxy before it, is set up wrongly.';
  }
  const own = [UsageError, MissingError, LocalFileError, CredentialError].some((kind) => error instanceof kind);
  return own ? (error as UsageError).hint : undefined;
}
