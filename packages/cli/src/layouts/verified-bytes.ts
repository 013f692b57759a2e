import { createHash } from 'node:crypto';
import { ContentMismatchError } from '@entrepot/oci/client/errors';
import { type Digest, digestAlgorithm, digestHex } from '@entrepot/oci/digest';

/** Bytes on their way through, and the verdict on them at their end. */
export interface VerifiedBytes {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Throws ContentMismatchError when what went through does not have the digest. */
  assert(): void;
}

/** Lets bytes pass and hashes them. Never fails by itself. */
export function verifyBytes(source: AsyncIterable<Uint8Array>, digest: Digest): VerifiedBytes {
  const hash = createHash(digestAlgorithm(digest));
  async function* pass(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return {
    bytes: pass(),
    assert: () => {
      if (hash.digest('hex') !== digestHex(digest)) {
        throw new ContentMismatchError(`what arrived for ${digest} does not have that digest`);
      }
    },
  };
}
