import { type Digest, isDigest, parseDigest } from '@entrepot/oci/digest';
import { formatImageReference, type ImageReference, parseImageReference } from '@entrepot/oci/reference';
import { UsageError } from '#src/failures/failures';

/** A folder or an archive on this machine, and which of its images is meant. */
export interface FileLocation {
  readonly kind: 'oci' | 'oci-archive' | 'docker-archive';
  readonly path: string;
  /** The name of an image in it; for a docker archive `repository:tag`. */
  readonly name: string | undefined;
  readonly digest: Digest | undefined;
}

/** An image in a registry. */
export interface RegistryLocation {
  readonly kind: 'registry';
  readonly reference: ImageReference;
}

/** Where an image is, as users name it. */
export type Location = RegistryLocation | FileLocation;

const transports = /^(oci|oci-archive|docker-archive):(.*)$/s;
const others = /^(dir|docker-daemon|containers-storage|k8s|ostree|sif|tarball):/;

function parseFile(kind: FileLocation['kind'], rest: string): FileLocation {
  const at = rest.lastIndexOf('@');
  const digest = at < 0 || !isDigest(rest.slice(at + 1)) ? undefined : parseDigest(rest.slice(at + 1));
  const bare = digest === undefined ? rest : rest.slice(0, at);
  const colon = bare.indexOf(':');
  const path = colon < 0 ? bare : bare.slice(0, colon);
  const name = colon < 0 ? undefined : bare.slice(colon + 1);
  if (path === '' || name === '') {
    throw new UsageError(`${kind}:${rest} is incomplete`, `write ${kind}:PATH or ${kind}:PATH:NAME`);
  }
  return { kind, path, name, digest };
}

/**
 * Reads where an image is: `host/repository[:tag][@digest]`, or `oci:`, `oci-archive:` or `docker-archive:` before a
 * path and, after a colon, a name. skopeo's `docker://` before a reference is understood. Throws UsageError or
 * OciNameError.
 */
export function parseLocation(text: string): Location {
  const file = transports.exec(text);
  if (file !== null) {
    return parseFile(file[1] as FileLocation['kind'], file[2] ?? '');
  }
  const other = others.exec(text);
  if (other !== null) {
    throw new UsageError(`${other[1]}: is not supported`, 'use a reference, oci:, oci-archive: or docker-archive:');
  }
  if (/^https?:\/\//.test(text)) {
    throw new UsageError(`${text} is an address, not a reference`, `leave out ${text.slice(0, text.indexOf('/') + 2)}`);
  }
  return { kind: 'registry', reference: parseImageReference(text.replace(/^docker:\/\//, '')) };
}

/** Reads where an image in a registry is. Throws UsageError or OciNameError. */
export function parseRegistryLocation(text: string): RegistryLocation {
  const location = parseLocation(text);
  if (location.kind !== 'registry') {
    throw new UsageError(`${text} is not in a registry`, 'name it as HOST/REPOSITORY:TAG');
  }
  return location;
}

/** Reads where files of an image are; a path without a transport is an OCI layout. Throws UsageError. */
export function parseFileLocation(text: string): FileLocation {
  if (transports.test(text)) {
    return parseLocation(text) as FileLocation;
  }
  if (/\.(?:tar|tgz|tar\.[a-z0-9]+)$/i.test(text)) {
    throw new UsageError(
      `${text} could be an archive of two kinds`,
      `write oci-archive:${text} or docker-archive:${text}`,
    );
  }
  return parseFile('oci', text);
}

/** Writes a location as `parseLocation` reads it. Never fails. */
export function formatLocation(location: Location): string {
  if (location.kind === 'registry') {
    return formatImageReference(location.reference);
  }
  const { kind, path, name, digest } = location;
  return `${kind}:${path}${name === undefined ? '' : `:${name}`}${digest === undefined ? '' : `@${digest}`}`;
}
