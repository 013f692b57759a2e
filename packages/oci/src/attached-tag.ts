const grammar = /^(?:sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})(?:\.(?:sig|att|sbom))?$/;

/**
 * True for tags that tools write beside an image rather than people for themselves: signatures, attestations and SBOMs
 * of cosign's older scheme (`sha256-<hex>.sig`), and the fallback list of referrers (`sha256-<hex>`), which has to move
 * whenever something is attached.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema
 */
export function isAttachedTag(tag: string): boolean {
  return grammar.test(tag);
}
