/** What a Bearer challenge tells the client. */
export interface BearerChallenge {
  readonly realm: string;
  readonly service: string;
  readonly scope?: string;
  /** An error code of RFC 6750, such as `invalid_token` or `insufficient_scope`. */
  readonly error?: string;
}

/** One challenge of a `WWW-Authenticate` header. Scheme and parameter names are in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Quotes a parameter; control characters would end the header, so they are dropped. */
function quoted(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return `"${text.replace(/[\u0000-\u001f\u007f]/g, '').replace(/["\\]/g, '\\$&')}"`;
}

/**
 * Writes a Bearer challenge with every value quoted, as clients insist. Never fails.
 * @see https://distribution.github.io/distribution/spec/auth/token/
 */
export function formatBearerChallenge(challenge: BearerChallenge): string {
  const { realm, service, scope, error } = challenge;
  const parts = [`realm=${quoted(realm)}`, `service=${quoted(service)}`];
  if (scope !== undefined) {
    parts.push(`scope=${quoted(scope)}`);
  }
  if (error !== undefined) {
    parts.push(`error=${quoted(error)}`);
  }
  return `Bearer ${parts.join(',')}`;
}

/**
 * Writes a Basic challenge. Never fails.
 * @see https://www.rfc-editor.org/rfc/rfc7617#section-2
 */
export function formatBasicChallenge(realm: string): string {
  return `Basic realm=${quoted(realm)}, charset="UTF-8"`;
}

/** A place in a text. */
interface Cursor {
  readonly text: string;
  at: number;
}

/** Takes what the sticky expression matches here; undefined when it does not match. */
function take(cursor: Cursor, expression: RegExp): string | undefined {
  expression.lastIndex = cursor.at;
  const match = expression.exec(cursor.text)?.[0];
  cursor.at += match?.length ?? 0;
  return match;
}

const separators = /[\s,]+/y;
const space = /[ \t]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const equals = /[ \t]*=[ \t]*/y;
const token68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;
const quotedString = /"(?:[^"\\]|\\[^])*"?/y;
const bareValue = /[^\s,]*/y;
const anything = /[^]/y;

function readValue(cursor: Cursor): string {
  const text = take(cursor, quotedString);
  if (text === undefined) {
    return take(cursor, bareValue) ?? '';
  }
  const closed = text.length > 1 && text.endsWith('"') ? -1 : undefined;
  return text.slice(1, closed).replace(/\\([^])/g, '$1');
}

/**
 * Reads every challenge of one or several `WWW-Authenticate` headers, in order. Tolerates unquoted values, missing
 * commas and unclosed quotes; what cannot be read is passed over. A lone credential (RFC 9110 token68) becomes the
 * parameter `token68`. The first of two equal parameters wins. Never throws, and takes linear time.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
 */
export function parseChallenges(header: string | readonly string[]): Challenge[] {
  const cursor: Cursor = { text: typeof header === 'string' ? header : header.join(', '), at: 0 };
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  while (cursor.at < cursor.text.length) {
    take(cursor, separators);
    const word = take(cursor, token)?.toLowerCase();
    if (word === undefined) {
      take(cursor, anything);
      continue;
    }
    const current = challenges.at(-1);
    if (current !== undefined && take(cursor, equals) !== undefined) {
      const value = readValue(cursor);
      current.parameters[word] ??= value;
      continue;
    }
    const challenge = { scheme: word, parameters: Object.create(null) as Record<string, string> };
    challenges.push(challenge);
    if (take(cursor, space) !== '') {
      const credential = take(cursor, token68);
      if (credential !== undefined) {
        challenge.parameters['token68'] = credential;
      }
    }
  }
  return challenges;
}
