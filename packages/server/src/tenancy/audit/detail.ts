import type { AuditEntry } from './types.ts';

/** Beyond so many characters a detail is left out: rows of every size are read a thousand at a time. */
const longestDetail = 32_768;

const secretNames = /(?:password|passwd|passphrase|secret|private_?key|auth_?header|credentials?|client_?key)$/i;

/**
 * The text that is kept of an entry's particulars, with `before` and `after` beside them. What is named like a secret
 * is struck out: whoever writes a row should not have put it there.
 */
export function detailText({ detail, before, after }: AuditEntry): string | null {
  if (detail === undefined && before === undefined && after === undefined) return null;
  const whole = {
    ...detail,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
  const text = JSON.stringify(whole, (name, value: unknown) =>
    secretNames.test(name) && typeof value === 'string' && value !== '' ? '[redacted]' : value,
  );
  return text.length <= longestDetail ? text : JSON.stringify({ leftOut: `${text.length} characters` });
}
