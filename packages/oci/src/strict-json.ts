/** A text is not JSON that every reader understands in the same way. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

const deepest = 64;
const quote = 0x22;
const backslash = 0x5c;

/** The place after the string whose opening quote stands at `start`; the end of the text when it is not closed. */
function skipString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === backslash) {
      backslashes++;
    }
    if (backslashes % 2 === 0) {
      return end + 1;
    }
  }
  return text.length;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  for (let code = text.charCodeAt(at); code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09; ) {
    code = text.charCodeAt(++at);
  }
  return at;
}

function isNumberPart(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e || (code | 0x20) === 0x65;
}

function readKey(raw: string): string {
  if (!raw.includes('\\')) {
    return raw.slice(1, -1);
  }
  try {
    return JSON.parse(raw) as string;
  } catch (cause) {
    throw new StrictJsonError('invalid JSON: a key holds a broken escape', { cause });
  }
}

function addKey(keys: Set<string> | undefined, key: string): void {
  if (key === '__proto__') {
    throw new StrictJsonError('invalid JSON: the key "__proto__" is not allowed');
  }
  if (keys?.has(key)) {
    throw new StrictJsonError(`invalid JSON: the key ${JSON.stringify(key.slice(0, 100))} appears twice in one object`);
  }
  keys?.add(key);
}

/** Finds what JSON.parse lets pass. Reads broken JSON without complaint; JSON.parse complains afterwards. */
function scan(text: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = skipString(text, at);
      const next = skipSpace(text, end);
      if (text[next] === ':') {
        addKey(open.at(-1), readKey(text.slice(at, end)));
      }
      at = next;
    } else if (code === 0x7b || code === 0x5b) {
      open.push(code === 0x7b ? new Set() : undefined);
      if (open.length > deepest) {
        throw new StrictJsonError(`invalid JSON: nested more than ${deepest} levels deep`);
      }
      at++;
    } else if (code === 0x7d || code === 0x5d) {
      open.pop();
      at++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const start = at;
      while (isNumberPart(text.charCodeAt(at))) {
        at++;
      }
      if (Math.abs(Number(text.slice(start, at))) === Number.POSITIVE_INFINITY) {
        throw new StrictJsonError('invalid JSON: a number is too large');
      }
    } else {
      at++;
    }
  }
}

/**
 * Reads JSON in time linear in its length, and refuses what readers are known to understand differently: keys that
 * appear twice in an object, the key `__proto__`, a byte order mark, trailing text, numbers that overflow, and
 * nesting deeper than 64. Throws StrictJsonError.
 * @see https://www.rfc-editor.org/rfc/rfc8259
 */
export function parseStrictJson(text: string): unknown {
  if (text.charCodeAt(0) === 0xfeff) {
    throw new StrictJsonError('invalid JSON: the text starts with a byte order mark');
  }
  scan(text);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new StrictJsonError(`invalid JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : 'unreadable'}`, {
      cause,
    });
  }
}
