/**
 * A version as a tag writes it: a `v` may stand before it, and as tags cannot have a `+`, a `_` stands before the build.
 * @see https://semver.org/spec/v2.0.0.html
 */
export interface SemanticVersion {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** Identifiers of a prerelease; none for a release. */
  readonly prerelease: readonly string[];
}

const grammar =
  /^v?(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,14})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:[+_][0-9A-Za-z._-]+)?$/;

/** Undefined for what is no whole version, as `1.2` and `latest`: such tags move along. */
export function readVersion(tag: string): SemanticVersion | undefined {
  const [whole, major, minor, patch, prerelease] = grammar.exec(tag) ?? [];
  if (whole === undefined) return undefined;
  return { numbers: [Number(major), Number(minor), Number(patch)], prerelease: prerelease?.split('.') ?? [] };
}

/** Negative when the first is older. A release is newer than its prereleases. */
export function compareVersions(one: SemanticVersion, other: SemanticVersion): number {
  for (const [at, number] of one.numbers.entries()) {
    const difference = number - (other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (one.prerelease.length === 0 || other.prerelease.length === 0) {
    return other.prerelease.length - one.prerelease.length;
  }
  for (let at = 0; at < Math.max(one.prerelease.length, other.prerelease.length); at++) {
    const difference = compareIdentifiers(one.prerelease[at], other.prerelease[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareIdentifiers(one: string | undefined, other: string | undefined): number {
  if (one === other) return 0;
  // Fewer identifiers come first.
  if (one === undefined) return -1;
  if (other === undefined) return 1;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one < other ? -1 : 1;
}

export type VersionRange = (version: SemanticVersion) => boolean;

/**
 * Reads a range: comparators with `=`, `<`, `<=`, `>`, `>=`, `^` and `~` that all have to agree, apart by spaces or
 * commas; `||` between alternatives. Versions may be cut short: `1.2` is all of 1.2, `<2` is before everything of 2, its
 * prereleases too. Undefined for what is no range.
 */
export function readRange(text: string): VersionRange | undefined {
  const alternatives = text.split('||').map((part) => part.split(/[\s,]+/).filter((word) => word !== ''));
  if (alternatives.some((words) => words.length === 0)) return undefined;
  const ranges = alternatives.map((words) => words.map(readComparator));
  if (ranges.flat().includes(undefined)) return undefined;
  return (version) => ranges.some((comparators) => comparators.every((holds) => holds?.(version) === true));
}

const comparator =
  /^(\^|~|>=|<=|>|<|=)?v?(\d{1,15})(?:\.(\d{1,15}|[xX*]))?(?:\.(\d{1,15}|[xX*]))?(?:-([0-9A-Za-z.-]+))?$/;

function readComparator(text: string): VersionRange | undefined {
  if (text === '*') return () => true;
  const [whole, operator = '=', ...parts] = comparator.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const given = parts
    .slice(0, 3)
    .filter((part) => part !== undefined && /^\d/.test(part))
    .map(Number);
  const prerelease = parts[3]?.split('.') ?? [];
  const [major = 0, minor = 0, patch = 0] = given;
  const from: SemanticVersion = { numbers: [major, minor, patch], prerelease };
  const isAtLeast = (version: SemanticVersion) => compareVersions(version, from) >= 0;
  // Where the range of a short or marked version ends: before the first prerelease of the next.
  const before = (numbers: SemanticVersion['numbers']) => (version: SemanticVersion) =>
    compareVersions(version, { numbers, prerelease: ['0'] }) < 0;
  const endOfShort = given.length === 1 ? before([major + 1, 0, 0]) : before([major, minor + 1, 0]);
  const isShort = given.length < 3;
  switch (operator) {
    case '>=':
      return isAtLeast;
    case '<':
      return prerelease.length > 0 ? (version) => !isAtLeast(version) : before([major, minor, patch]);
    case '>':
      return isShort
        ? (version) => isAtLeast(version) && !endOfShort(version)
        : (version) => compareVersions(version, from) > 0;
    case '<=':
      return isShort ? endOfShort : (version) => compareVersions(version, from) <= 0;
    case '~':
      return (version) => isAtLeast(version) && endOfShort(version);
    case '^': {
      const end = before(endOfCaret(given, [major, minor, patch]));
      return (version) => isAtLeast(version) && end(version);
    }
    default:
      return isShort
        ? (version) => isAtLeast(version) && endOfShort(version)
        : (version) => compareVersions(version, from) === 0;
  }
}

/** `^` holds the first number that is not 0. */
function endOfCaret(
  given: readonly number[],
  [major, minor, patch]: SemanticVersion['numbers'],
): SemanticVersion['numbers'] {
  if (major > 0 || given.length === 1) return [major + 1, 0, 0];
  if (minor > 0 || given.length === 2) return [0, minor + 1, 0];
  return [0, 0, patch + 1];
}
