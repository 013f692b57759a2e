import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSelection, type NameSelector } from './name-selectors.ts';

const matches = (pattern: string): NameSelector => ({ kind: 'matches', pattern });
const excludes = (pattern: string): NameSelector => ({ kind: 'excludes', pattern });

const cases: readonly (readonly [string, readonly NameSelector[], readonly string[], readonly string[]])[] = [
  ['no selector chooses everything', [], ['v1', 'latest', 'a/b'], []],
  ['a pattern chooses what it matches', [matches('v*')], ['v1', 'v'], ['latest', 'a/v1']],
  ['an exclusion chooses the rest', [excludes('{latest,dev-*}')], ['v1', 'dev'], ['latest', 'dev-7']],
  ['all have to agree', [matches('v*'), excludes('*-rc*')], ['v1'], ['v1-rc1', 'w1']],
  ['names of repositories have parts', [matches('**')], ['a', 'a/b/c'], []],
  ['one part is one part', [matches('a/*')], ['a/b'], ['a', 'a/b/c']],
];

for (const [name, selectors, chosen, left] of cases) {
  test(name, () => {
    const isChosen = createSelection(selectors);
    for (const each of chosen) assert.equal(isChosen(each), true, each);
    for (const each of left) assert.equal(isChosen(each), false, each);
  });
}
