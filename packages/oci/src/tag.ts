import { OciNameError, quoteForMessage } from './name-error.ts';

/** A checked tag such as `v1.2`. Comes only from `parseTagName` or `isTagName`. */
export type TagName = string & { readonly __brand: 'TagName' };

const grammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/**
 * True when the text is a tag that `parseTagName` accepts. Never throws.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function isTagName(text: string): text is TagName {
  return grammar.test(text);
}

/**
 * Reads a tag. Throws OciNameError of kind `tag`.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function parseTagName(text: string): TagName {
  if (isTagName(text)) {
    return text;
  }
  throw new OciNameError(
    'tag',
    `tag ${quoteForMessage(text)} is invalid; expected 1 to 128 letters, digits, '_', '.' or '-', ` +
      "not starting with '.' or '-'",
  );
}
