import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { addProjectRow } from '#testing/rows';
import { createImmutableRuleStore } from './store.ts';
import type { NewImmutableRule } from './types.ts';

const aRule = (pattern: string, disabled = false): NewImmutableRule => ({
  selectors: { tags: [{ kind: 'matches', pattern }], repositories: [] },
  disabled,
  priority: 0,
});
const list = { conditions: [], sort: [], page: 1, pageSize: 10 };

forEachDialect('immutability rules', (on) => {
  test('are kept by project, each of them once', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createImmutableRuleStore(db);
    const [one, two] = [await addProjectRow(db, 'one'), await addProjectRow(db, 'two')];
    const insert = (projectId: number, rule: NewImmutableRule) =>
      db.transact((tx) => store.insert(tx, projectId, rule, 5));
    const id = (await insert(one, aRule('v*'))) as number;
    assert.equal(await insert(one, aRule('v*', true)), undefined, 'the same, only switched off');
    const other = (await insert(one, aRule('r*', true))) as number;
    assert.notEqual(await insert(two, aRule('v*')), undefined);
    assert.deepEqual(
      (await store.list(one, list)).entries.map((rule) => [rule.id, rule.disabled, rule.selectors.tags[0]?.pattern]),
      [
        [id, false, 'v*'],
        [other, true, 'r*'],
      ],
    );
    assert.deepEqual(await store.listEnabled(one), [aRule('v*').selectors]);
    assert.equal(await store.find(two, id), undefined, 'what is elsewhere is not there');

    const rule = await store.find(one, id);
    assert.ok(rule !== undefined);
    await db.transact(async (tx) => {
      assert.equal(await store.count(tx, one), 2);
      assert.equal(await store.update(tx, rule, aRule('r*'), 6), 'same');
      assert.equal(await store.update(tx, rule, aRule('v*', true), 6), 'done');
      assert.equal((await store.listEnabled(one, tx)).length, 0, 'a transaction sees its own');
      assert.equal(await store.delete(tx, two, id), false);
      assert.equal(await store.delete(tx, one, id), true);
      assert.equal(await store.update(tx, rule, aRule('x'), 6), 'gone');
    });
    assert.equal((await store.list(one, list)).total, 1);
  });
});
