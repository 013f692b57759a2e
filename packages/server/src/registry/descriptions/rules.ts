import type { Descriptor } from '@entrepot/oci/descriptor';
import { type Digest, isDigest } from '@entrepot/oci/digest';
import type { ParsedManifest } from '@entrepot/oci/manifest';
import { ociEmpty } from '@entrepot/oci/media-types';
import { artifactTypeOf } from './artifact-type.ts';
import type { Attachment, DescribedChild, Description } from './types.ts';

/** Annotations of one manifest beyond so many characters are not shown. */
const longestAnnotations = 65_536;
const longestChildDetail = 4096;

/** Describes a manifest by itself; `tags` are those it is pushed under. Never fails. */
export function describeManifest(manifest: ParsedManifest, size: number, tags: readonly string[] = []): Description {
  const parts = manifest.config === undefined ? manifest.layers : [manifest.config, ...manifest.layers];
  const annotations = manifest.annotations && JSON.stringify(manifest.annotations);
  return {
    type: artifactTypeOf(manifest),
    configType: manifest.config?.mediaType ?? manifest.mediaType,
    ownSize: parts.reduce((sum, part) => sum + part.size, size),
    annotations: annotations !== undefined && annotations.length <= longestAnnotations ? annotations : undefined,
    children: manifest.manifests.map(describeChild),
    attachment: attachmentOf(manifest, tags),
    config: tellingConfig(manifest.config),
  };
}

function describeChild({ digest, platform, annotations, urls }: Descriptor): DescribedChild {
  const whole = JSON.stringify({ platform, annotations, urls });
  const detail = whole.length <= longestChildDetail ? whole : JSON.stringify({ platform });
  return { digest, detail: detail === '{}' || detail.length > longestChildDetail ? undefined : detail };
}

/** A config that is JSON and says something. */
function tellingConfig(config: Descriptor | undefined): Descriptor | undefined {
  if (config === undefined || config.mediaType === ociEmpty) return undefined;
  return /[+.]json$/.test(config.mediaType) || config.mediaType === 'application/vnd.cnab.manifest.v1'
    ? config
    : undefined;
}

/** A map and no object: whoever pushes chooses the key. */
const attachmentTypes: ReadonlyMap<string, string> = new Map([
  ['application/vnd.dev.cosign.artifact.sig.v1+json', 'signature.cosign'],
  ['application/vnd.cncf.notary.signature', 'signature.notation'],
  ['application/vnd.goharbor.harbor.sbom.v1', 'sbom.harbor'],
]);

const cosignLayer = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** Acceleration services say in an annotation what they accelerate, and mark the last layer of a Nydus image. */
const nydusSource = 'io.goharbor.artifact.v1alpha1.acceleration.source.digest';
const nydusMark = 'containerd.io/snapshot/nydus-bootstrap';

function attachmentOf(manifest: ParsedManifest, tags: readonly string[]): Attachment | undefined {
  if (manifest.subject !== undefined) return { of: manifest.subject.digest, type: attachmentType(manifest) };
  const source = manifest.annotations?.[nydusSource];
  if (source !== undefined && isDigest(source) && isNydus(manifest)) return { of: source, type: 'accelerator.nydus' };
  if (manifest.layers[0]?.mediaType !== cosignLayer) return undefined;
  const signed = tags.map(cosignSubject).find((digest) => digest !== undefined);
  return signed && { of: signed, type: 'signature.cosign' };
}

function attachmentType(manifest: ParsedManifest): string {
  const { artifactType = '', config } = manifest;
  if (isNydus(manifest)) return 'accelerator.nydus';
  if (artifactType.startsWith('application/vnd.dev.sigstore.bundle.')) return 'signature.cosign';
  const named = attachmentTypes.get(artifactType) ?? attachmentTypes.get(config?.mediaType ?? '');
  return named ?? 'subject.accessory';
}

function isNydus(manifest: ParsedManifest): boolean {
  return manifest.layers.at(-1)?.annotations?.[nydusMark] === 'true';
}

/** What a tag of cosign's older scheme signs: `sha256-<hex>.sig`. */
function cosignSubject(tag: string): Digest | undefined {
  const hex = /^sha256-([0-9a-f]{64})\.sig$/.exec(tag)?.[1];
  return hex === undefined ? undefined : (`sha256:${hex}` as Digest);
}
