/** Which word of the OCI grammar a text failed to be. */
export type OciNameKind = 'digest' | 'digest-algorithm' | 'repository-name' | 'tag' | 'reference';

/** A text is not the OCI word it was taken for. `kind` says which word was expected. */
export class OciNameError extends Error {
  override readonly name = 'OciNameError';
  readonly kind: OciNameKind;

  constructor(kind: OciNameKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

/** Shortens hostile text for an error message, and makes control characters visible. Never throws. */
export function quoteForMessage(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
