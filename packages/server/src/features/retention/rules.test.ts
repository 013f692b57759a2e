import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planLeaving } from './leaving.ts';
import { assertRules, judge } from './rules.ts';
import type { HeldManifest, RetentionRule, RunningImage, TagSelector } from './types.ts';

const day = 86_400_000;
const now = 1000 * day;
const hex = (text: string) => text.repeat(64).slice(0, 64);

let ids = 0;
/** Pushed so many days ago, and never pulled unless told. */
function aManifest(
  digest: string,
  tags: readonly string[],
  pushed: number,
  more: Partial<HeldManifest> = {},
): HeldManifest {
  return {
    id: (ids += 1),
    digest,
    size: 1,
    pushedAt: now - pushed * day,
    pulledAt: 0,
    listed: true,
    attachedTo: undefined,
    tags,
    labels: [],
    parts: [],
    ...more,
  };
}
function aRule(
  template: string,
  params: RetentionRule['params'] = {},
  more: Partial<RetentionRule> = {},
): RetentionRule {
  return { disabled: false, priority: 0, template, params, tags: [tagged('**')], repositories: [], ...more };
}
const tagged = (pattern: string, kind: TagSelector['kind'] = 'matches', untagged = false): TagSelector => ({
  kind,
  pattern,
  untagged,
});
const ago = (days: number) => now - days * day;
const running = (image: Partial<RunningImage>): RunningImage => ({
  repository: 'team/app',
  tag: undefined,
  digest: undefined,
  reportedAt: ago(1),
  ...image,
});

const three = [aManifest('a', ['v1'], 30), aManifest('b', ['v2'], 20), aManifest('c', ['v3'], 10)];
const versions = [
  aManifest('v1.0.0', ['1.0.0'], 9),
  aManifest('v1.1.0', ['v1.1.0'], 8),
  aManifest('v1.1.1', ['1.1.1', '1.1'], 7),
  aManifest('v1.2.0-rc', ['1.2.0-rc.1'], 6),
  aManifest('v2.0.0', ['2.0.0', 'latest'], 1),
  aManifest('v0.9.0', ['0.9.0'], 0),
];
const index = [
  aManifest('index', ['multi'], 5, { parts: ['arm', 'amd'] }),
  aManifest('arm', [], 5, { listed: false }),
  aManifest('amd', ['amd-only'], 50),
  aManifest('signature', [], 4, { listed: false, attachedTo: 'index' }),
];

const cases: readonly {
  readonly name: string;
  readonly rules: readonly RetentionRule[];
  readonly given?: readonly HeldManifest[];
  readonly images?: readonly RunningImage[];
  readonly immutable?: string;
  /** Digests; undefined when nothing is decided. */
  readonly kept: readonly string[] | undefined;
}[] = [
  { name: 'the latest pushed are kept', rules: [aRule('latestPushedK', { latestPushedK: 2 })], kept: ['b', 'c'] },
  {
    name: 'a figure may be a text, as some clients send it',
    rules: [aRule('latestPushedK', { latestPushedK: '1' })],
    kept: ['c'],
  },
  {
    name: 'the latest pulled are kept',
    rules: [aRule('latestPulledN', { latestPulledN: 1 })],
    given: [aManifest('a', ['x'], 9, { pulledAt: ago(2) }), aManifest('b', ['y'], 1)],
    kept: ['a'],
  },
  {
    name: 'the latest active are kept',
    rules: [aRule('latestActiveK', { latestActiveK: 1 })],
    given: [aManifest('a', ['x'], 9, { pulledAt: ago(2) }), aManifest('b', ['y'], 5)],
    kept: ['a'],
  },
  {
    name: 'those of some days are kept',
    rules: [aRule('nDaysSinceLastPush', { nDaysSinceLastPush: 20 })],
    kept: ['b', 'c'],
  },
  { name: 'Harbor’s other name for it means the same', rules: [aRule('lastXDays', { lastXDays: 15 })], kept: ['c'] },
  {
    name: 'those pulled within days are kept, and new ones that nobody pulled yet',
    rules: [aRule('nDaysSinceLastPull', { nDaysSinceLastPull: 7 })],
    given: [
      aManifest('old', ['a'], 90, { pulledAt: ago(3) }),
      aManifest('idle', ['b'], 90, { pulledAt: ago(30) }),
      aManifest('new', ['c'], 1),
      aManifest('never', ['d'], 30),
    ],
    kept: ['old', 'new'],
  },
  { name: 'always is always', rules: [aRule('always')], kept: ['a', 'b', 'c'] },
  {
    name: 'one rule is enough',
    rules: [aRule('latestPushedK', { latestPushedK: 1 }), aRule('always', {}, { tags: [tagged('v1')] })],
    kept: ['a', 'c'],
  },
  {
    name: 'within one rule all conditions have to be met',
    rules: [aRule('latestPushedK', { latestPushedK: 2, nDaysSinceLastPush: 15 })],
    kept: ['c'],
  },
  { name: 'without a rule nothing is decided', rules: [], kept: undefined },
  {
    name: 'a rule that is off does not count',
    rules: [aRule('latestPushedK', { latestPushedK: 1 }, { disabled: true })],
    kept: undefined,
  },
  {
    name: 'a rule for other repositories does not count',
    rules: [aRule('latestPushedK', { latestPushedK: 1 }, { repositories: [{ kind: 'matches', pattern: 'other/**' }] })],
    kept: undefined,
  },
  {
    name: 'a repository that is left out is left alone',
    rules: [aRule('latestPushedK', { latestPushedK: 1 }, { repositories: [{ kind: 'excludes', pattern: 'app' }] })],
    kept: undefined,
  },
  {
    name: 'tags that are not chosen do not take places',
    rules: [aRule('latestPushedK', { latestPushedK: 1 }, { tags: [tagged('{v1,v2}')] })],
    kept: ['b'],
  },
  {
    name: 'an exclusion chooses the rest',
    rules: [aRule('always', {}, { tags: [tagged('v3', 'excludes')] })],
    kept: ['a', 'b'],
  },
  {
    name: 'one tag that is chosen keeps the whole artifact',
    rules: [aRule('always', {}, { tags: [tagged('keep')] })],
    given: [aManifest('a', ['x', 'keep'], 1), aManifest('b', ['y'], 1)],
    kept: ['a'],
  },
  {
    name: 'artifacts without tags are chosen where it is said',
    rules: [aRule('always', {}, { tags: [tagged('**', 'matches', true)] })],
    given: [aManifest('a', [], 1)],
    kept: ['a'],
  },
  { name: 'and else they are not', rules: [aRule('always')], given: [aManifest('a', [], 1)], kept: [] },
  {
    name: 'an immutable tag keeps its artifact',
    rules: [aRule('latestPushedK', { latestPushedK: 1 })],
    immutable: 'v1',
    kept: ['a', 'c'],
  },
  {
    name: 'the parts of a kept index are kept',
    rules: [aRule('always', {}, { tags: [tagged('multi')] })],
    given: index,
    kept: ['index', 'amd'],
  },
  {
    name: 'what tools tag beside an image stays with it and takes no place',
    rules: [aRule('latestPushedK', { latestPushedK: 1 })],
    given: [
      aManifest(`sha256:${hex('1')}`, ['v1'], 9),
      aManifest('attestation', [`sha256-${hex('1')}.att`], 1),
      aManifest(`sha256:${hex('2')}`, ['v0'], 20),
      aManifest('gone too', [`sha256-${hex('2')}`], 0),
    ],
    kept: ['attestation', `sha256:${hex('1')}`],
  },
  {
    name: 'the newest versions are kept, releases only',
    rules: [aRule('semanticVersions', { semanticVersions: 2 })],
    given: versions,
    kept: ['v1.1.1', 'v2.0.0'],
  },
  {
    name: 'or prereleases too',
    rules: [aRule('semanticVersions', { semanticVersions: 2, prereleases: 'true' })],
    given: versions,
    kept: ['v1.2.0-rc', 'v2.0.0'],
  },
  {
    name: 'of each minor version the newest patch',
    rules: [aRule('semanticVersions', { semanticVersions: 3, versionLevel: 'minor' })],
    given: versions,
    kept: ['v1.0.0', 'v1.1.1', 'v2.0.0'],
  },
  {
    name: 'or so many of each line',
    rules: [aRule('semanticVersions', { semanticVersions: 2, versionLevel: 'minor', perLine: 2 })],
    given: versions,
    kept: ['v1.1.0', 'v1.1.1', 'v2.0.0'],
  },
  {
    name: 'of each major version the newest',
    rules: [aRule('semanticVersions', { semanticVersions: 9, versionLevel: 'major' })],
    given: versions,
    kept: ['v0.9.0', 'v1.1.1', 'v2.0.0'],
  },
  {
    name: 'of a range of versions',
    rules: [aRule('semanticVersions', { semanticVersions: 9, versionRange: '>=1.1 <2' })],
    given: versions,
    kept: ['v1.1.0', 'v1.1.1'],
  },
  {
    name: 'labels keep, and labels let go',
    rules: [
      aRule('hasLabel', { hasLabel: 'approved, pinned' }),
      aRule('latestPushedK', { latestPushedK: 2, lacksLabel: 'broken' }),
    ],
    given: [
      aManifest('a', ['x'], 9, { labels: ['pinned'] }),
      aManifest('b', ['y'], 2),
      aManifest('c', ['z'], 1, { labels: ['broken'] }),
    ],
    kept: ['a', 'b'],
  },
  {
    name: 'what a cluster runs is kept while its report counts',
    rules: [aRule('runningInCluster', { runningInCluster: 7 }, { tags: [] })],
    given: [...three, aManifest('x', [], 90), aManifest('multi', ['m'], 90, { parts: ['arm'] })],
    images: [
      running({ digest: 'a' }),
      running({ tag: 'v2' }),
      running({ digest: 'x', repository: undefined }),
      running({ digest: 'arm' }),
      running({ digest: 'c', reportedAt: ago(8) }),
      running({ digest: 'c', repository: 'team/other' }),
    ],
    kept: ['a', 'b', 'x', 'multi'],
  },
];

for (const { name, rules, given = three, images = [], immutable, kept } of cases) {
  test(name, () => {
    assertRules(rules);
    const facts = { repository: 'team/app', now, running: images, isImmutable: (tag: string) => tag === immutable };
    const verdicts = judge(rules, given, facts);
    const found = verdicts?.filter((verdict) => verdict.kept).map(({ manifest }) => manifest.digest);
    assert.deepEqual(found?.toSorted(), kept?.toSorted());
  });
}

test('each verdict names its reason', () => {
  const facts = { repository: 'team/app', now, running: [], isImmutable: () => false };
  const rules = [
    aRule('latestPushedK', { latestPushedK: 2, nDaysSinceLastPush: 15 }),
    aRule('always', {}, { tags: [tagged('v9')] }),
  ];
  assert.deepEqual(
    judge(rules, three, facts)?.map(({ rule, why }) => [rule, why]),
    [
      [undefined, 'no rule keeps it (rule 1: not among the 2 latest pushed; rule 2: its tags are not chosen)'],
      [undefined, 'no rule keeps it (rule 1: not pushed within 15 days; rule 2: its tags are not chosen)'],
      [1, 'rule 1 (latestPushedK 2 and nDaysSinceLastPush 15)'],
    ],
  );
});

const refused: readonly (readonly [string, RetentionRule, RegExp])[] = [
  ['an unknown template', aRule('newest'), /rules\.0\.template/],
  ['a template without its value', aRule('latestPushedK'), /params\.latestPushedK: is needed/],
  ['a rule that keeps nothing', aRule('latestPushedK', { latestPushedK: 0 }), /from 1 to/],
  ['words for figures', aRule('nDaysSinceLastPush', { nDaysSinceLastPush: 'some' }), /from 1 to/],
  ['an unknown condition', aRule('always', { oldest: 3 }), /no such condition/],
  ['what JavaScript knows and rules do not', aRule('always', { constructor: 3 } as never), /no such condition/],
  ['no range', aRule('semanticVersions', { semanticVersions: 1, versionRange: 'latest' }), /range of versions/],
  [
    'an unknown level',
    aRule('semanticVersions', { semanticVersions: 1, versionLevel: 'build' }),
    /major or minor or patch/,
  ],
  ['options of versions without versions', aRule('always', { perLine: 1 }), /goes with semanticVersions/],
  ['a label without a name', aRule('hasLabel', { hasLabel: ' ' }), /expected a name/],
];
for (const [name, rule, message] of refused) {
  test(`${name} is refused`, () => assert.throws(() => assertRules([rule]), message));
}

test('what goes takes along what is attached and parts that nothing else needs, an index before its parts', () => {
  const given = [
    aManifest('part', ['tagged'], 9),
    aManifest('index', ['multi'], 9, { parts: ['part', 'own', 'shared'] }),
    aManifest('own', [], 9, { listed: false }),
    aManifest('shared', [], 9, { listed: false }),
    aManifest('other', ['keep'], 9, { parts: ['shared'] }),
    aManifest('sbom', [], 9, { listed: false, attachedTo: 'own' }),
  ];
  const facts = { repository: 'team/app', now, running: [], isImmutable: () => false };
  const verdicts = judge([aRule('always', {}, { tags: [tagged('keep')] })], given, facts) ?? [];
  assert.deepEqual(
    planLeaving(given, verdicts).map(({ manifest, withIt }) => [manifest.digest, withIt.map(({ digest }) => digest)]),
    [
      ['index', ['index', 'own', 'sbom']],
      ['part', ['part']],
    ],
  );
});
