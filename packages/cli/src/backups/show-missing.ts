import { LocalFileError } from '#src/failures/failures';

/** As many are named one by one. */
const shown = 20;

/** Throws LocalFileError when blobs are missing, with the first of them. */
export function throwMissing(
  missing: readonly { readonly digest: string; readonly why: string }[],
  what: string,
): void {
  if (missing.length === 0) return;
  const named = missing.slice(0, shown).map(({ digest, why }) => `\n  ${digest}: ${why}`);
  const more = missing.length > shown ? `\n  and ${missing.length - shown} more` : '';
  throw new LocalFileError(`${missing.length} blobs ${what}:${named.join('')}${more}`);
}
