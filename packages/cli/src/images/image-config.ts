import type { Descriptor, Platform } from '@entrepot/oci/descriptor';

/** What an image config says, as far as it is shown. */
export interface ImageConfig extends Platform {
  readonly created?: string;
  readonly author?: string;
  readonly config?: {
    readonly User?: string;
    readonly Env?: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly WorkingDir?: string;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
  };
}

/** Reads an image config leniently; undefined when it is no JSON object. Never throws. */
export function readImageConfig(bytes: Uint8Array): ImageConfig | undefined {
  try {
    const document: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof document === 'object' && document !== null && !Array.isArray(document)
      ? (document as ImageConfig)
      : undefined;
  } catch {
    return undefined;
  }
}

/** True for what build tools list beside images without being one: provenance and SBOMs. Never fails. */
export function isAttestation(child: Descriptor): boolean {
  return child.annotations?.['vnd.docker.reference.type'] === 'attestation-manifest';
}
