/** The parts of a distinguished name, the outermost first, each in one spelling. */
type DnParts = readonly string[];

/**
 * Reads a distinguished name (RFC 4514) so that two spellings of one name come out alike: case, escapes, white space
 * around separators and the order inside of a multi-valued part do not count. Answers undefined for what is no name.
 */
function readDn(text: string): DnParts | undefined {
  if (text.trim() === '') return [];
  const parts: string[] = [];
  for (const part of splitOutsideEscapes(text, ',;')) {
    const pairs = new Set<string>();
    for (const pair of splitOutsideEscapes(part, '+').map(readPair)) {
      if (pair === undefined) return undefined;
      pairs.add(pair);
    }
    parts.push([...pairs].toSorted((a, b) => (a < b ? -1 : 1)).join('+'));
  }
  return parts.reverse();
}

function splitOutsideEscapes(text: string, separators: string): string[] {
  const pieces: string[] = [];
  let from = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === '\\') at++;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && separators.includes(sign)) {
      pieces.push(text.slice(from, at));
      from = at + 1;
    }
  }
  pieces.push(text.slice(from));
  return pieces;
}

function readPair(pair: string): string | undefined {
  const equals = pair.indexOf('=');
  const type = pair.slice(0, Math.max(0, equals)).trim().toLowerCase();
  if (!/^(?:[a-z][a-z0-9-]*|(?:oid\.)?\d+(?:\.\d+)*)$/.test(type)) return undefined;
  const value = unescape(trimUnescaped(pair.slice(equals + 1)));
  return value === undefined ? undefined : `${type.replace(/^oid\./, '')}=${escapeValue(fold(value))}`;
}

/** Directories compare names without case and take any run of white space for one (RFC 4518 §2.6.1). */
const fold = (value: string) => value.normalize('NFKC').toLowerCase().trim().replaceAll(/\s+/g, ' ');

/** RFC 4514 §2.4. What was folded has no white space at its ends. */
const escapeValue = (value: string) =>
  value
    .replaceAll(/[\\,+"<>;=]/g, (sign) => `\\${sign}`)
    .replaceAll('\0', '\\00')
    .replace(/^#/, '\\#');

/** White space at the ends is no part of a value unless a backslash says so. */
function trimUnescaped(text: string): string {
  const start = text.trimStart();
  const end = start.trimEnd();
  const lost = start.length - end.length;
  const backslashes = /\\*$/.exec(end)?.[0].length ?? 0;
  return lost > 0 && backslashes % 2 === 1 ? start.slice(0, end.length + 1) : end;
}

function unescape(value: string): string | undefined {
  const text = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
  const bytes: Uint8Array[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] !== '\\') {
      const end = text.indexOf('\\', at);
      const plain = text.slice(at, end === -1 ? undefined : end);
      bytes.push(Buffer.from(plain));
      at += plain.length;
      continue;
    }
    const hex = /^[0-9a-f]{2}/i.exec(text.slice(at + 1, at + 3))?.[0];
    const sign = text.codePointAt(at + 1);
    if (sign === undefined) return undefined;
    const raw = hex === undefined ? String.fromCodePoint(sign) : '';
    bytes.push(hex === undefined ? Buffer.from(raw) : Buffer.from(hex, 'hex'));
    at += 1 + (hex?.length ?? raw.length);
  }
  return Buffer.concat(bytes).toString('utf8');
}

/**
 * The one spelling of a distinguished name, in lower case, to compare, look up and keep it by; undefined for what is no
 * name.
 */
export function normalizeDn(dn: string): string | undefined {
  return readDn(dn)?.toReversed().join(',');
}

/** Whether the name lies at or below the base. An empty base has everything below it. */
export function isDnWithin(dn: string, base: string): boolean {
  const [parts, above] = [readDn(dn), readDn(base)];
  if (parts === undefined || above === undefined || parts.length < above.length) return false;
  return above.every((part, at) => parts[at] === part);
}
