/** An inclusive range of bytes. */
export interface InclusiveRange {
  readonly first: number;
  readonly last: number;
}

/** What a `Range` request header asks of a representation. */
export type RangeRequest =
  | { readonly kind: 'whole' }
  | { readonly kind: 'ranges'; readonly ranges: readonly InclusiveRange[] }
  | { readonly kind: 'unsatisfiable' };

const whole: RangeRequest = { kind: 'whole' };
const mostRanges = 100;

/**
 * Reads the `Content-Range` of an upload chunk, `<first>-<last>` without a unit. Undefined when the text has another
 * form, a number beyond safe integers, or a last byte before the first. Never throws.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function parseContentRange(text: string): InclusiveRange | undefined {
  const match = /^([0-9]{1,16})-([0-9]{1,16})$/.exec(text);
  if (match === null) {
    return undefined;
  }
  const range = { first: Number(match[1]), last: Number(match[2]) };
  return Number.isSafeInteger(range.first) && Number.isSafeInteger(range.last) && range.first <= range.last
    ? range
    : undefined;
}

/**
 * Writes the `Range` response header of an upload that holds `size` bytes. An empty upload is `0-0`, because the
 * header has no form for no bytes. Never fails.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
 */
export function formatUploadRange(size: number): string {
  return `0-${Math.max(size - 1, 0)}`;
}

/** One range-spec: the bytes it selects, `empty` when it selects none, undefined when it is not a range-spec. */
function readSpec(spec: string, size: number): InclusiveRange | 'empty' | undefined {
  const match = /^([0-9]*)-([0-9]*)$/.exec(spec);
  const from = match?.[1];
  const to = match?.[2];
  if (from === undefined || to === undefined || (from === '' && to === '')) {
    return undefined;
  }
  if (from === '') {
    const length = Math.min(Number(to), size);
    return length === 0 ? 'empty' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  return first >= size || last < first ? 'empty' : { first, last };
}

/** Joins ranges that overlap or touch; leaves the order of the request alone when none do. */
function coalesce(ranges: readonly InclusiveRange[]): readonly InclusiveRange[] {
  const sorted = ranges.toSorted((a, b) => a.first - b.first);
  const joined: InclusiveRange[] = [];
  for (const range of sorted) {
    const previous = joined.at(-1);
    if (previous !== undefined && range.first <= previous.last + 1) {
      joined[joined.length - 1] = { first: previous.first, last: Math.max(previous.last, range.last) };
    } else {
      joined.push(range);
    }
  }
  return joined.length === ranges.length ? ranges : joined;
}

/**
 * Reads a `Range` header against a representation of `size` bytes. Another unit or a malformed header means `whole`,
 * as do more than 100 ranges and ranges that together exceed the representation, which only waste work.
 * An inverted range such as `500-0` selects nothing and is `unsatisfiable` where RFC 9110 would ignore the header:
 * the conformance suite of the distribution specification asks for 416. Never throws.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-14.2
 */
export function parseRangeHeader(header: string | undefined, size: number): RangeRequest {
  if (header === undefined || !/^bytes=/i.test(header)) {
    return whole;
  }
  const specs = header
    .slice(6)
    .split(',', mostRanges + 2)
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  if (specs.length === 0 || specs.length > mostRanges) {
    return whole;
  }
  const ranges: InclusiveRange[] = [];
  let selected = 0;
  for (const spec of specs) {
    const range = readSpec(spec, size);
    if (range === undefined) {
      return whole;
    }
    if (range !== 'empty') {
      ranges.push(range);
      selected += range.last - range.first + 1;
    }
  }
  if (ranges.length === 0) {
    return { kind: 'unsatisfiable' };
  }
  return selected > size ? whole : { kind: 'ranges', ranges: coalesce(ranges) };
}
