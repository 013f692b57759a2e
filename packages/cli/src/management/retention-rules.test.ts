import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepRuleOf, readKeep, readRule, ruleOf } from './retention-rules.ts';

test('a rule in one line is the same rule again when it comes back from the API', () => {
  for (const line of [
    'always',
    'latestPushedK=10',
    'latestPushedK=10 nDaysSinceLastPush=30 tags=v* except=*-rc',
    'hasLabel="two words" untagged repositories=app/** except_repositories=app/old',
    'semanticVersions=3 versionLevel=minor versionRange=">=1.2 <2" tags={v*,1.*}',
  ]) {
    const rule = readRule(line);
    assert.deepEqual(keepRuleOf(ruleOf(rule)), { rule, isWhole: true }, line);
    assert.equal(readKeep(rule.keep), rule.keep, line);
  }
});

test('figures are figures, and texts stay texts', () => {
  assert.deepEqual(ruleOf(readRule('latestPushedK=3 hasLabel=x1')).params, { latestPushedK: 3, hasLabel: 'x1' });
});

test('an order says nothing but which condition is the first', () => {
  assert.equal(
    readKeep('latestPushedK=1 nDaysSinceLastPush=2 hasLabel=a'),
    'latestPushedK=1 hasLabel=a nDaysSinceLastPush=2',
  );
  assert.equal(
    readKeep('latestPushedK=1 hasLabel=a nDaysSinceLastPush=2'),
    'latestPushedK=1 hasLabel=a nDaysSinceLastPush=2',
  );
});

test('a rule that files cannot say is told from others', () => {
  const selectors = [
    { decoration: 'matches', pattern: 'a' },
    { decoration: 'matches', pattern: 'b' },
  ];
  assert.equal(keepRuleOf({ template: 'always', tag_selectors: selectors }).isWhole, false);
});

test('what is no rule is refused with what would be one', () => {
  for (const line of ['', '=', 'tags=v*', 'newest=3', 'latestPushedK = 3']) {
    assert.throws(() => readRule(line), /rule/, line);
  }
});
