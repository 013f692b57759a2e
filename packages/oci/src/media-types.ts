/** @see https://github.com/opencontainers/image-spec/blob/main/media-types.md */
export const ociImageManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociImageIndex = 'application/vnd.oci.image.index.v1+json';
export const ociImageConfig = 'application/vnd.oci.image.config.v1+json';
export const ociEmpty = 'application/vnd.oci.empty.v1+json';
export const ociLayerTarGzip = 'application/vnd.oci.image.layer.v1.tar+gzip';
const ociNondistributableLayer = 'application/vnd.oci.image.layer.nondistributable.v1.tar';

/** @see https://github.com/distribution/distribution/blob/main/docs/content/spec/manifest-v2-2.md */
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerManifestList = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const dockerImageConfig = 'application/vnd.docker.container.image.v1+json';
export const dockerLayerTarGzip = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
const dockerForeignLayer = 'application/vnd.docker.image.rootfs.foreign.diff.tar';

/** The retired manifest format; Entrepot refuses it. */
export const dockerSchema1 = 'application/vnd.docker.distribution.manifest.v1+json';
export const dockerSchema1Signed = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

/** What a client lists in `Accept` so that no registry rewrites or withholds a manifest. */
export const manifestMediaTypes: readonly string[] = [
  ociImageManifest,
  ociImageIndex,
  dockerManifest,
  dockerManifestList,
];

/** The media type without parameters, trimmed and in lower case, as types compare (RFC 9110 §8.3.1). Never fails. */
export function mediaTypeWithoutParameters(text: string): string {
  const semicolon = text.indexOf(';');
  return (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
}

/** True for the OCI index and the Docker manifest list. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === ociImageIndex || mediaType === dockerManifestList;
}

/** True for the OCI and the Docker image manifest. */
export function isImageManifestType(mediaType: string): boolean {
  return mediaType === ociImageManifest || mediaType === dockerManifest;
}

/** True for both forms of Docker's schema 1. */
export function isSchema1Type(mediaType: string): boolean {
  return mediaType === dockerSchema1 || mediaType === dockerSchema1Signed;
}

/**
 * True for layers that registries need not hold: OCI non-distributable and Docker foreign layers, in any compression.
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md#non-distributable-layers
 */
export function isNondistributableLayerType(mediaType: string): boolean {
  return (
    mediaType === ociNondistributableLayer ||
    mediaType.startsWith(`${ociNondistributableLayer}+`) ||
    mediaType === dockerForeignLayer ||
    mediaType.startsWith(`${dockerForeignLayer}.`)
  );
}
