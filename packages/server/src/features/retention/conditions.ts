import { createSelection } from '#kernel/name-selectors';
import { compareVersions, readRange, readVersion, type SemanticVersion } from './semantic-version.ts';
import type { HeldManifest, RetentionRule, RuleParams, RunningImage } from './types.ts';

/** What decisions stand on beside the artifacts themselves. */
export interface Facts {
  /** The repository with its project's name. */
  readonly repository: string;
  readonly now: number;
  readonly running: readonly RunningImage[];
}

/** Answers which of the artifacts meet it. They are those of one repository that the rule's tags choose. */
export type Condition = (chosen: readonly HeldManifest[], facts: Facts, rule: RetentionRule) => Set<HeldManifest>;

interface ConditionKind {
  /** What its value is; none takes no value. */
  readonly takes: 'count' | 'days' | 'text' | 'none';
  /** For people who make rules. */
  readonly title: string;
  /** What is said of an artifact that does not meet it. */
  readonly missed: (value: string) => string;
  create(value: number | string, params: RuleParams): Condition;
}

const day = 86_400_000;

/** When it was last of use. One that nobody pulled yet was of use when it came. */
const usedAt = ({ pulledAt, pushedAt }: HeldManifest) => (pulledAt === 0 ? pushedAt : pulledAt);
const activeAt = ({ pulledAt, pushedAt }: HeldManifest) => Math.max(pulledAt, pushedAt);

const latest =
  (timeOf: (manifest: HeldManifest) => number) =>
  (count: number | string): Condition =>
  (chosen) =>
    new Set(chosen.toSorted((a, b) => timeOf(b) - timeOf(a) || b.id - a.id).slice(0, Number(count)));

const within =
  (timeOf: (manifest: HeldManifest) => number) =>
  (days: number | string): Condition =>
  (chosen, { now }) =>
    new Set(chosen.filter((manifest) => timeOf(manifest) >= now - Number(days) * day));

const where =
  (holds: (manifest: HeldManifest) => boolean): Condition =>
  (chosen) =>
    new Set(chosen.filter(holds));

const namesOf = (value: number | string) =>
  String(value)
    .split(',')
    .map((name) => name.trim());

/** Harbor's conditions, with the last two as its code registers them, and ours. */
export const conditionKinds: Readonly<Record<string, ConditionKind>> = {
  latestPushedK: {
    takes: 'count',
    title: 'the most recently pushed # artifacts',
    missed: (value) => `not among the ${value} latest pushed`,
    create: latest(({ pushedAt }) => pushedAt),
  },
  latestPulledN: {
    takes: 'count',
    title: 'the most recently pulled # artifacts',
    missed: (value) => `not among the ${value} latest pulled`,
    create: latest(({ pulledAt }) => pulledAt),
  },
  nDaysSinceLastPush: {
    takes: 'days',
    title: 'the artifacts pushed within the last # days',
    missed: (value) => `not pushed within ${value} days`,
    create: within(({ pushedAt }) => pushedAt),
  },
  nDaysSinceLastPull: {
    takes: 'days',
    title: 'the artifacts pulled within the last # days',
    missed: (value) => `not pulled within ${value} days`,
    create: within(usedAt),
  },
  always: {
    takes: 'none',
    title: 'always',
    missed: () => 'never',
    create: () => where(() => true),
  },
  latestActiveK: {
    takes: 'count',
    title: 'the most recently active # artifacts',
    missed: (value) => `not among the ${value} latest pushed or pulled`,
    create: latest(activeAt),
  },
  lastXDays: {
    takes: 'days',
    title: 'the artifacts from the last # days',
    missed: (value) => `not from the last ${value} days`,
    create: within(({ pushedAt }) => pushedAt),
  },
  semanticVersions: {
    takes: 'count',
    title: 'the newest # versions, or lines of versions',
    missed: (value) => `none of its tags is of the ${value} newest versions`,
    create: newestVersions,
  },
  hasLabel: {
    takes: 'text',
    title: 'the artifacts with one of these labels',
    missed: (value) => `without the label ${value}`,
    create: (value) => where(({ labels }) => namesOf(value).some((name) => labels.includes(name))),
  },
  lacksLabel: {
    takes: 'text',
    title: 'the artifacts with none of these labels',
    missed: (value) => `with the label ${value}`,
    create: (value) => where(({ labels }) => !namesOf(value).some((name) => labels.includes(name))),
  },
  runningInCluster: {
    takes: 'days',
    title: 'the artifacts that a cluster said within the last # days that it runs',
    missed: (value) => `no cluster said within ${value} days that it runs it`,
    create: (days) => (chosen, facts) => {
      const since = facts.now - Number(days) * day;
      const running = facts.running.filter(({ reportedAt }) => reportedAt >= since);
      return new Set(chosen.filter((manifest) => running.some((image) => isImage(manifest, image, facts.repository))));
    },
  },
};

/** Clusters name an index, or the part of it that their machines run. */
function isImage({ digest, parts, tags }: HeldManifest, image: RunningImage, repository: string): boolean {
  if (image.repository !== undefined && image.repository !== repository) return false;
  if (image.digest !== undefined) return image.digest === digest || parts.includes(image.digest);
  return image.tag !== undefined && tags.includes(image.tag);
}

/** What goes with `semanticVersions`: its value has to be one of these words. */
export const versionOptions: Readonly<Record<string, readonly string[] | 'range' | 'count'>> = {
  versionLevel: ['major', 'minor', 'patch'],
  versionRange: 'range',
  prereleases: ['true', 'false'],
  perLine: 'count',
};

/**
 * Versions of a level make a line: with `minor` all of 1.2 are one. The newest lines are kept, of each the newest
 * `perLine` versions. Only tags that the rule chooses are looked at, and of those the whole versions in the range.
 */
function newestVersions(count: number | string, params: RuleParams): Condition {
  const level = ['major', 'minor', 'patch'].indexOf(String(params['versionLevel'] ?? 'patch')) + 1;
  const perLine = Number(params['perLine'] ?? 1);
  const inRange = params['versionRange'] === undefined ? undefined : readRange(String(params['versionRange']));
  const withPrereleases = String(params['prereleases'] ?? 'false') === 'true';
  const isMeant = (version: SemanticVersion) =>
    (withPrereleases || version.prerelease.length === 0) && inRange?.(version) !== false;

  return (chosen, _facts, rule) => {
    const isChosen = createSelection(rule.tags);
    const found = chosen.flatMap((manifest) =>
      manifest.tags.filter(isChosen).flatMap((tag) => {
        const version = readVersion(tag);
        return version !== undefined && isMeant(version) ? [{ manifest, version }] : [];
      }),
    );
    found.sort((a, b) => compareVersions(b.version, a.version));
    const lines = new Map<string, SemanticVersion[]>();
    const kept = new Set<HeldManifest>();
    for (const { manifest, version } of found) {
      const key = version.numbers.slice(0, level).join('.');
      const line = lines.get(key) ?? [];
      if (!lines.has(key)) {
        if (lines.size >= Number(count)) continue;
        lines.set(key, line);
      }
      // Two tags may say the same version.
      const last = line.at(-1);
      const isSame = last !== undefined && compareVersions(last, version) === 0;
      if (!isSame && line.length >= perLine) continue;
      if (!isSame) line.push(version);
      kept.add(manifest);
    }
    return kept;
  };
}

/** What rules can be made of, in the order in which people are shown it. */
export const retentionTemplates = Object.entries(conditionKinds).map(([name, { title, takes }]) => ({
  name,
  title,
  takes,
}));
