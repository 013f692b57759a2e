import { OciNameError, quoteForMessage } from './name-error.ts';

/** A checked digest such as `sha256:…`. Comes only from `parseDigest`, `isDigest` or `toDigest`. */
export type Digest = string & { readonly __brand: 'Digest' };

/** The registered algorithms of the image specification that Entrepot reads and writes. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const sha256 = /^sha256:[a-f0-9]{64}$/;
const sha512 = /^sha512:[a-f0-9]{128}$/;
const grammar = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const longestDigest = 512;

/**
 * True when the text is a digest that `parseDigest` accepts. Never throws.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
 */
export function isDigest(text: string): text is Digest {
  return text.length === 71 ? sha256.test(text) : text.length === 135 && sha512.test(text);
}

/**
 * Reads a digest: sha256 with 64 or sha512 with 128 lowercase hex digits, nothing before or after.
 * Throws OciNameError: `digest-algorithm` for a well-formed digest of another algorithm, else `digest`.
 * @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) {
    return text;
  }
  if (text.length <= longestDigest && grammar.test(text) && !/^sha(?:256|512):/.test(text)) {
    throw new OciNameError(
      'digest-algorithm',
      `digest ${quoteForMessage(text)} uses an unsupported algorithm; expected sha256 or sha512`,
    );
  }
  throw new OciNameError(
    'digest',
    `digest ${quoteForMessage(text)} is malformed; expected sha256:<64 lowercase hex digits> or sha512:<128>`,
  );
}

/** The algorithm of a digest. Never fails. */
export function digestAlgorithm(digest: Digest): DigestAlgorithm {
  return digest.slice(0, 6) as DigestAlgorithm;
}

/** The encoded part of a digest, lowercase hex. Never fails. */
export function digestHex(digest: Digest): string {
  return digest.slice(7);
}

/** Puts algorithm and hex together. Throws OciNameError when the hex has the wrong length or alphabet. */
export function toDigest(algorithm: DigestAlgorithm, hex: string): Digest {
  return parseDigest(`${algorithm}:${hex}`);
}
