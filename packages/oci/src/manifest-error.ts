/**
 * Why a manifest was refused. `syntax`: not strict JSON in UTF-8. `shape`: a field is missing or wrong.
 * `media-type`: the types disagree or say nothing we know. `schema1`: the retired format. `digest`,
 * `digest-algorithm`: a descriptor names its content in a way we cannot check.
 */
export type ManifestFault = 'syntax' | 'shape' | 'media-type' | 'schema1' | 'digest' | 'digest-algorithm';

/** A manifest is refused. The message names the field and what was expected of it. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
  readonly fault: ManifestFault;

  constructor(fault: ManifestFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.fault = fault;
  }
}
