import { RegistryError } from '#kernel/errors';
import { createSelection } from '#kernel/name-selectors';
import { createGlob } from '#kernel/glob';
import { isAttachedTag } from '@entrepot/oci/attached-tag';
import { type Condition, conditionKinds, type Facts, versionOptions } from './conditions.ts';
import { readRange } from './semantic-version.ts';
import type { HeldManifest, RetentionRule, TagSelector, Verdict } from './types.ts';

/** Harbor's limit. */
export const mostRules = 15;

const mostDays = 36_500;
const mostCount = 1_000_000;

/** Fails with `body-invalid`, naming the field. A rule that could keep nothing is refused: it is switched off instead. */
export function assertRules(rules: readonly RetentionRule[]): void {
  if (rules.length > mostRules) throw invalid('rules', `at most ${mostRules}`);
  for (const [at, rule] of rules.entries()) {
    const field = `rules.${at}`;
    if (!Object.hasOwn(conditionKinds, rule.template)) {
      throw invalid(`${field}.template`, `expected one of ${Object.keys(conditionKinds).join(', ')}`);
    }
    if (conditionKinds[rule.template]?.takes !== 'none' && rule.params[rule.template] === undefined) {
      throw invalid(`${field}.params.${rule.template}`, 'is needed');
    }
    for (const [name, value] of Object.entries(rule.params)) assertParam(`${field}.params.${name}`, name, value);
    const isOfVersions = rule.params['semanticVersions'] !== undefined;
    const stray = isOfVersions
      ? undefined
      : Object.keys(rule.params).find((name) => Object.hasOwn(versionOptions, name));
    if (stray !== undefined) throw invalid(`${field}.params.${stray}`, 'goes with semanticVersions only');
  }
}

function assertParam(field: string, name: string, value: number | string): void {
  const kind = Object.hasOwn(conditionKinds, name) ? conditionKinds[name] : undefined;
  const option = Object.hasOwn(versionOptions, name) ? versionOptions[name] : undefined;
  if (kind === undefined && option === undefined) {
    const known = [...Object.keys(conditionKinds), ...Object.keys(versionOptions)];
    throw invalid(field, `there is no such condition; there are ${known.join(', ')}`);
  }
  const most =
    kind?.takes === 'days' ? mostDays : kind?.takes === 'count' || option === 'count' ? mostCount : undefined;
  if (most !== undefined && !(/^\d{1,7}$/.test(String(value)) && Number(value) >= 1 && Number(value) <= most)) {
    throw invalid(field, `expected a whole number from 1 to ${most}`);
  }
  if (kind?.takes === 'text' && String(value).trim() === '') throw invalid(field, 'expected a name');
  if (option === 'range' && readRange(String(value)) === undefined) {
    throw invalid(field, 'expected a range of versions such as ">=1.2 <2"');
  }
  if (Array.isArray(option) && !option.includes(String(value))) throw invalid(field, `expected ${option.join(' or ')}`);
}

function invalid(field: string, message: string): RegistryError {
  return new RegistryError('body-invalid', `body.${field}: ${message}.`);
}

/** A rule in a few words: `latestPushedK 10 and nDaysSinceLastPush 30`. */
export function describeRule(rule: RetentionRule): string {
  return conditionsOf(rule)
    .map(({ name, value }) => (value === '' ? name : `${name} ${value}`))
    .join(' and ');
}

interface NamedCondition {
  readonly name: string;
  readonly value: string;
  readonly missed: string;
  readonly holds: Condition;
}

function conditionsOf({ template, params }: RetentionRule): NamedCondition[] {
  return [...new Set([template, ...Object.keys(params)])].flatMap((name) => {
    const kind = Object.hasOwn(conditionKinds, name) ? conditionKinds[name] : undefined;
    if (kind === undefined) return [];
    const value = kind.takes === 'none' ? '' : String(params[name] ?? '');
    return [{ name, value, missed: kind.missed(value), holds: kind.create(value, params) }];
  });
}

/** The rules that are on and are about the repository, each with its number counted from 1. */
export function rulesFor(
  rules: readonly RetentionRule[],
  repository: string,
): { readonly number: number; readonly rule: RetentionRule }[] {
  const name = repository.slice(repository.indexOf('/') + 1);
  return rules
    .map((rule, at) => ({ number: at + 1, rule }))
    .filter(({ rule }) => !rule.disabled && createSelection(rule.repositories)(name));
}

/**
 * Decides about every artifact of a repository. Undefined when no rule is about it: then nothing in it goes. What is
 * kept keeps its parts and what is attached to it; a tag that `isImmutable` keeps its artifact.
 */
export function judge(
  rules: readonly RetentionRule[],
  manifests: readonly HeldManifest[],
  facts: Facts & { readonly isImmutable: (tag: string) => boolean },
): Verdict[] | undefined {
  const byDigest = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
  const listed = manifests.filter((manifest) => manifest.listed);
  const isFollower = (manifest: HeldManifest) => byDigest.has(subjectOf(manifest.tags) ?? '');
  const followers = listed.filter(isFollower);
  const judged = listed.filter((manifest) => !isFollower(manifest));
  const applied = rulesFor(rules, facts.repository).map(({ number, rule }) => ({
    number,
    rule,
    ...judgeBy(rule, judged, facts),
  }));
  if (applied.length === 0) return undefined;

  const verdicts = new Map<HeldManifest, Verdict>();
  for (const manifest of judged) {
    const immutable = manifest.tags.find(facts.isImmutable);
    const keeper = applied.find(({ kept }) => kept.has(manifest));
    if (keeper !== undefined) {
      verdicts.set(manifest, {
        manifest,
        kept: true,
        rule: keeper.number,
        why: `rule ${keeper.number} (${describeRule(keeper.rule)})`,
      });
    } else if (immutable !== undefined) {
      verdicts.set(manifest, { manifest, kept: true, rule: undefined, why: `its tag ${immutable} is immutable` });
    } else {
      const why = applied.map(({ number, missed }) => `rule ${number}: ${missed(manifest)}`).join('; ');
      verdicts.set(manifest, { manifest, kept: false, rule: undefined, why: `no rule keeps it (${why})` });
    }
  }
  keepParts(verdicts, byDigest);
  followSubjects(verdicts, followers, manifests);
  return [...verdicts.values()];
}

/** Those that one rule keeps, and why it does not keep others. */
function judgeBy(rule: RetentionRule, judged: readonly HeldManifest[], facts: Facts) {
  const choose = createTagChoice(rule.tags);
  const chosen = judged.filter(({ tags }) => choose(tags));
  const conditions = conditionsOf(rule).map(({ holds, missed }) => ({ missed, met: holds(chosen, facts, rule) }));
  const isChosen = new Set(chosen);
  return {
    kept: new Set(chosen.filter((manifest) => conditions.every(({ met }) => met.has(manifest)))),
    missed: (manifest: HeldManifest) =>
      isChosen.has(manifest)
        ? (conditions.find(({ met }) => !met.has(manifest))?.missed ?? '')
        : 'its tags are not chosen',
  };
}

/** As Harbor chooses: every selector is met by some tag, or by there being none. */
function createTagChoice(selectors: readonly TagSelector[]): (tags: readonly string[]) => boolean {
  const tests = selectors.map(({ kind, pattern, untagged }) => {
    const matches = createGlob(pattern);
    return (tags: readonly string[]) => {
      if (tags.length === 0) return kind === 'matches' ? untagged : !untagged;
      return tags.some((tag) => matches(tag) === (kind === 'matches'));
    };
  });
  return (tags) => tests.every((test) => test(tags));
}

/** Parts of what is kept stay. */
function keepParts(verdicts: Map<HeldManifest, Verdict>, byDigest: ReadonlyMap<string, HeldManifest>): void {
  const open = [...verdicts.values()].filter(({ kept }) => kept).map(({ manifest }) => manifest);
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const digest of holder.parts) {
      const part = byDigest.get(digest);
      if (part === undefined || verdicts.get(part)?.kept !== false) continue;
      const why = `a part of ${holder.digest}, which is kept`;
      verdicts.set(part, { manifest: part, kept: true, rule: undefined, why });
      open.push(part);
    }
  }
}

/** What tools keep beside an image under a tag of its own goes and stays with the image, whatever rules say. */
function followSubjects(
  verdicts: Map<HeldManifest, Verdict>,
  followers: readonly HeldManifest[],
  manifests: readonly HeldManifest[],
): void {
  if (followers.length === 0) return;
  const byDigest = new Map(manifests.map((manifest) => [manifest.digest, manifest]));
  const holders = new Map<string, HeldManifest[]>();
  for (const manifest of manifests) {
    for (const part of manifest.parts) holders.set(part, [...(holders.get(part) ?? []), manifest]);
  }
  function stays(digest: string, seen: ReadonlySet<string>): boolean {
    const manifest = seen.has(digest) ? undefined : byDigest.get(digest);
    if (manifest === undefined) return false;
    const verdict = verdicts.get(manifest);
    if (verdict !== undefined) return verdict.kept;
    const further = new Set([...seen, digest]);
    const above = [
      manifest.attachedTo,
      subjectOf(manifest.tags),
      ...(holders.get(digest) ?? []).map((holder) => holder.digest),
    ];
    return above.some((one) => one !== undefined && stays(one, further));
  }
  for (const manifest of followers) {
    const subject = subjectOf(manifest.tags) ?? '';
    const kept = stays(subject, new Set([manifest.digest]));
    const why = `it belongs to ${subject}, which ${kept ? 'is kept' : 'goes'}`;
    verdicts.set(manifest, { manifest, kept, rule: undefined, why });
  }
}

/** What the tags of tools say that the artifact belongs to: `sha256-<hex>.att`. */
function subjectOf(tags: readonly string[]): string | undefined {
  const [first] = tags;
  if (first === undefined || !tags.every(isAttachedTag)) return undefined;
  return first.replace(/\.[a-z]+$/, '').replace('-', ':');
}
