import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertRule, guardBy } from './rules.ts';
import type { RuleSelectors } from './types.ts';

const rule = (tag: string, repository?: string): RuleSelectors => ({
  tags: [{ kind: 'matches', pattern: tag }],
  repositories: repository === undefined ? [] : [{ kind: 'matches', pattern: repository }],
});
const hex = '0'.repeat(64);

const cases: readonly {
  readonly name: string;
  readonly given: readonly RuleSelectors[];
  readonly kept: readonly string[];
  readonly free: readonly string[];
}[] = [
  {
    name: 'a rule keeps the tags it names',
    given: [rule('v*')],
    kept: ['team/app:v1', 'team/a/b:v2'],
    free: ['team/app:latest'],
  },
  {
    name: 'a rule is about the repositories it names',
    given: [rule('**', 'app/**')],
    kept: ['team/app/web:x'],
    free: ['team/other:x'],
  },
  {
    name: 'one rule is enough',
    given: [rule('v*', 'one'), rule('r*', '*')],
    kept: ['team/one:v1', 'team/two:r1'],
    free: ['team/two:v1'],
  },
  {
    name: 'exclusions leave tags free',
    given: [
      {
        tags: [{ kind: 'excludes', pattern: '{latest,*-dev}' }],
        repositories: [{ kind: 'excludes', pattern: 'tmp/**' }],
      },
    ],
    kept: ['team/app:v1'],
    free: ['team/app:latest', 'team/app:v1-dev', 'team/tmp/x:v1'],
  },
  {
    name: 'tags of signatures are free',
    given: [rule('**')],
    kept: ['team/app:sha256-abc'],
    free: ['', '.sig', '.att', '.sbom'].map((end) => `team/app:sha256-${hex}${end}`),
  },
];

for (const { name, given, kept, free } of cases) {
  test(name, () => {
    const guard = guardBy(given);
    const keeps = (at: string) => guard?.keeps(at.slice(0, at.indexOf(':')), at.slice(at.indexOf(':') + 1));
    for (const each of kept) assert.equal(keeps(each), true, each);
    for (const each of free) assert.equal(keeps(each), false, each);
  });
}

test('no rules keep nothing, and a rule names tags', () => {
  assert.equal(guardBy([]), undefined);
  const selectors = { tags: [], repositories: [] };
  assert.throws(() => assertRule({ selectors, disabled: false, priority: 0 }), /body\.tag_selectors/);
});
