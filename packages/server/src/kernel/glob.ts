/**
 * Patterns of names as Harbor writes them (doublestar): `*` and `?` stay inside a path component, `**` as a component
 * spans any number of them, `{a,b}` is either, `[a-z]` a class, a backslash takes the next sign as it is. The whole name
 * has to match. Judging a name takes time proportional to name and pattern, whatever the pattern: it comes from tenants.
 */
export function createGlob(pattern: string): (name: string) => boolean {
  const alternatives = expandBraces(pattern).map((one) => splitOutside(one, '/').map(toComponent));
  return (name) => {
    const parts = name.split('/');
    return alternatives.some((components) => matchComponents(components, parts));
  };
}

/** Any number of components, or one made of signs. */
type Component = 'any' | readonly Sign[];

/** What one place in a component takes: any run of signs, or one sign of a kind. */
type Sign = 'run' | ((sign: string) => boolean);

/** Nested braces multiply; more alternatives than this are taken literally, which harms nobody but their author. */
const mostAlternatives = 256;

function expandBraces(pattern: string): string[] {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0) {
    const next = open.pop() as string;
    const braces = findBraces(next);
    if (braces === undefined || open.length + done.length > mostAlternatives) {
      done.push(next);
      continue;
    }
    for (const choice of splitOutside(next.slice(braces.from + 1, braces.to), ',')) {
      open.push(next.slice(0, braces.from) + choice + next.slice(braces.to + 1));
    }
  }
  return done;
}

/** The first pair of braces that belong together. */
function findBraces(pattern: string): { readonly from: number; readonly to: number } | undefined {
  const opened: number[] = [];
  let pair: { from: number; to: number } | undefined;
  for (let at = 0; at < pattern.length; at++) {
    if (pattern[at] === '\\') at++;
    else if (pattern[at] === '{') opened.push(at);
    else if (pattern[at] === '}') {
      const from = opened.pop();
      if (from !== undefined) pair = { from, to: at };
      if (pair !== undefined && opened.length === 0) return pair;
    }
  }
  return pair;
}

/** Splits where the separator stands in no braces, no class and behind no backslash. */
function splitOutside(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '{') depth++;
    else if (text[at] === '}' && depth > 0) depth--;
    else if (text[at] === separator && depth === 0) {
      parts.push(text.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function toComponent(text: string): Component {
  if (text === '**') return 'any';
  const signs: Sign[] = [];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at] as string;
    if (sign === '*') {
      if (signs.at(-1) !== 'run') signs.push('run');
    } else if (sign === '?') signs.push(() => true);
    else if (sign === '[' && text.indexOf(']', at + 2) > 0) {
      const end = text.indexOf(']', at + 2);
      signs.push(toClass(text.slice(at + 1, end)));
      at = end;
    } else {
      if (sign === '\\' && at + 1 < text.length) at++;
      const wanted = text[at] as string;
      signs.push((given) => given === wanted);
    }
  }
  return signs;
}

function toClass(text: string): (sign: string) => boolean {
  const negated = text.startsWith('^') || text.startsWith('!');
  const body = negated ? text.slice(1) : text;
  const ranges: (readonly [string, string])[] = [];
  for (let at = 0; at < body.length; at++) {
    const first = body[at] as string;
    if (body[at + 1] === '-' && at + 2 < body.length) {
      ranges.push([first, body[at + 2] as string]);
      at += 2;
    } else ranges.push([first, first]);
  }
  return (sign) => ranges.some(([from, to]) => sign >= from && sign <= to) !== negated;
}

/** Greedy with one point of return: only the last `**` ever has to take one more. */
function matchComponents(components: readonly Component[], parts: readonly string[]): boolean {
  return matchRuns(
    components,
    parts,
    (component) => component === 'any',
    (component, part) =>
      matchRuns(
        component as readonly Sign[],
        part,
        (sign) => sign === 'run',
        (sign, given) => (sign as (sign: string) => boolean)(given),
      ),
  );
}

function matchRuns<P, T>(
  pattern: readonly P[],
  text: ArrayLike<T>,
  isRun: (wanted: P) => boolean,
  takes: (wanted: P, given: T) => boolean,
): boolean {
  let at = 0;
  let place = 0;
  let back = -1;
  let mark = 0;
  while (at < text.length) {
    const wanted = pattern[place];
    if (wanted !== undefined && isRun(wanted)) {
      back = place++;
      mark = at;
    } else if (wanted !== undefined && takes(wanted, text[at] as T)) {
      place++;
      at++;
    } else if (back !== -1) {
      place = back + 1;
      at = ++mark;
    } else return false;
  }
  while (place < pattern.length && isRun(pattern[place] as P)) place++;
  return place === pattern.length;
}
