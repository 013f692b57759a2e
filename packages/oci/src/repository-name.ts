import { OciNameError, quoteForMessage } from './name-error.ts';

/** A checked repository name such as `team/app`. Comes only from `parseRepositoryName` or `isRepositoryName`. */
export type RepositoryName = string & { readonly __brand: 'RepositoryName' };

/** Clients cap `host[:port]/name` at 255 characters, so a longer name could never be pulled. */
export const longestRepositoryName = 255;

function isLowerAlphanumeric(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39);
}

/** The place after the separator (`.`, `_`, `__` or dashes) at `start`; `start` itself when there is none. */
function skipSeparator(text: string, start: number): number {
  const first = text[start];
  if (first === '.') {
    return start + 1;
  }
  if (first === '_') {
    return text[start + 1] === '_' ? start + 2 : start + 1;
  }
  let end = start;
  while (text[end] === '-') {
    end++;
  }
  return end;
}

/**
 * True when the text is a name that `parseRepositoryName` accepts. One pass over the text, never throws.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function isRepositoryName(text: string): text is RepositoryName {
  if (text.length === 0 || text.length > longestRepositoryName) {
    return false;
  }
  let at = 0;
  for (;;) {
    const start = at;
    while (at < text.length && isLowerAlphanumeric(text.charCodeAt(at))) {
      at++;
    }
    if (at === start) {
      return false;
    }
    if (at === text.length) {
      return true;
    }
    const next = text[at] === '/' ? at + 1 : skipSeparator(text, at);
    if (next === at) {
      return false;
    }
    at = next;
  }
}

/**
 * Reads a repository name of at most 255 characters. Throws OciNameError of kind `repository-name`.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
 */
export function parseRepositoryName(text: string): RepositoryName {
  if (isRepositoryName(text)) {
    return text;
  }
  throw new OciNameError(
    'repository-name',
    `repository name ${quoteForMessage(text)} is invalid; expected at most ${longestRepositoryName} characters: ` +
      "lowercase letters and digits, separated by '.', '_', '__' or '-', in components separated by '/'",
  );
}
