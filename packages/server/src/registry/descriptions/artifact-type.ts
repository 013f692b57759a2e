import { dockerImageConfig, ociImageConfig } from '@entrepot/oci/media-types';
import type { ParsedManifest } from '@entrepot/oci/manifest';

/** Harbor's names for kinds of artifacts, by the media type of the config. */
const byConfig: Readonly<Record<string, string>> = {
  [ociImageConfig]: 'IMAGE',
  [dockerImageConfig]: 'IMAGE',
  'application/vnd.cncf.helm.config.v1+json': 'CHART',
  'application/vnd.cnab.manifest.v1': 'CNAB',
  'application/vnd.cnab.config.v1+json': 'CNAB',
  'application/vnd.wasm.config.v0+json': 'WASM',
  'application/vnd.wasm.config.v1+json': 'WASM',
  'application/vnd.cncf.model.config.v1+json': 'CNAI',
  'application/vnd.goharbor.harbor.sbom.v1': 'SBOM',
};

const byArtifactType: Readonly<Record<string, string>> = {
  'application/vnd.goharbor.harbor.sbom.v1': 'SBOM',
  'application/vnd.cncf.model.manifest.v1+json': 'CNAI',
};

/** `application/vnd.<organisation>.<type>.config.<version>+<format>` names the type in its middle. */
const speaking = /^application\/vnd\.[^.]+\.([a-z0-9.-]{1,64}?)\.config\.[^+]+/;

/** What kind of artifact a manifest is, in Harbor's words; `UNKNOWN` where nothing tells. Never fails. */
export function artifactTypeOf(manifest: ParsedManifest): string {
  const { annotations = {} } = manifest;
  if (manifest.kind === 'index') return 'io.cnab.runtime_version' in annotations ? 'CNAB' : 'IMAGE';
  const declared = manifest.artifactType ?? '';
  const config = manifest.config?.mediaType ?? '';
  if (Object.hasOwn(byArtifactType, declared)) return byArtifactType[declared] ?? 'UNKNOWN';
  const isWasm =
    annotations['module.wasm.image/variant']?.startsWith('compat') === true ||
    manifest.layers[0]?.mediaType === 'application/vnd.wasm.content.layer.v1+wasm';
  if (isWasm) return 'WASM';
  if (Object.hasOwn(byConfig, config)) return byConfig[config] ?? 'UNKNOWN';
  return (speaking.exec(config) ?? speaking.exec(declared))?.[1]?.toUpperCase() ?? 'UNKNOWN';
}
