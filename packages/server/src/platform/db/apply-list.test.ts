import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readListQuery } from '#kernel/list-query';
import { forEachDialect } from '#testing/databases';
import { addProjectRow } from '#testing/rows';
import { applyConditions, applyPage, type ListColumns } from './apply-list.ts';

const columns: ListColumns = {
  name: { ref: 'project.name', kind: 'text' },
  id: { ref: 'project.id', kind: 'number' },
  public: { ref: 'project.public', kind: 'flag' },
  created: { ref: 'project.created_at', kind: 'time' },
  update_time: { ref: 'project.updated_at', kind: 'time', sortOnly: true },
};

forEachDialect('a list', (on) => {
  async function open() {
    const place = await on.open();
    const names = ['alpha', 'Beta', 'be_ta', 'be%ta', 'be!ta', 'gamma'];
    const ids: number[] = [];
    for (const name of names) ids.push(await addProjectRow(place.db, name, name === 'gamma'));
    await place.query(`update project set created_at = ${Date.UTC(2026, 0, 2, 3, 4, 5)} where name = 'alpha'`);
    const list = async (given: Parameters<typeof readListQuery>[0]) => {
      const asked = readListQuery(given);
      const filtered = applyConditions(place.db.read.selectFrom('project').select('name'), asked.conditions, columns);
      const rows = await applyPage(filtered, asked, columns, { tie: 'project.id' }).execute();
      return rows.map((row) => row.name);
    };
    return { place, ids, list };
  }

  test('is filtered by what a field is, holds, lies between or is one of', async () => {
    const { place, ids, list } = await open();
    await using _ = place;
    assert.deepEqual(await list({ q: 'name=alpha' }), ['alpha']);
    assert.deepEqual(await list({ q: 'name=~BETA' }), ['Beta']);
    assert.deepEqual(await list({ q: 'name={alpha gamma}' }), ['alpha', 'gamma']);
    assert.deepEqual(await list({ q: `id=[${ids[4]}~]` }), ['be!ta', 'gamma']);
    assert.deepEqual(await list({ q: `id=[~${ids[0]}]` }), ['alpha']);
    assert.deepEqual(await list({ q: 'public=true' }), ['gamma']);
    assert.deepEqual(await list({ q: 'public=false,name=alpha' }), ['alpha']);
    assert.deepEqual(await list({ q: 'created=2026-01-02T03:04:05' }), ['alpha']);
    assert.deepEqual(await list({ q: 'created=[2026-01-01~2026-02-01]' }), ['alpha']);
    assert.deepEqual(await list({ q: 'name=(alpha)' }), ['alpha']);
    assert.deepEqual(await list({ q: 'name=(alpha gamma)' }), []);
  });

  test('takes signs that patterns are made of as they are', async () => {
    const { place, list } = await open();
    await using _ = place;
    assert.deepEqual(await list({ q: 'name=~e_t' }), ['be_ta']);
    assert.deepEqual(await list({ q: 'name=~e%t' }), ['be%ta']);
    assert.deepEqual(await list({ q: 'name=~e!t' }), ['be!ta']);
    assert.deepEqual(await list({ q: "name=~';drop table project--" }), []);
  });

  test('is sorted and cut into pages', async () => {
    const { place, list } = await open();
    await using _ = place;
    const sorted = ['Beta', 'alpha', 'be!ta', 'be%ta', 'be_ta', 'gamma'];
    assert.deepEqual(await list({ sort: 'name' }), sorted);
    assert.deepEqual(await list({ sort: '-name' }), sorted.toReversed());
    assert.deepEqual(await list({ sort: 'name', page: 2, page_size: 4 }), sorted.slice(4));
    assert.deepEqual(await list({ sort: 'name', page: 3, page_size: 4 }), []);
    assert.deepEqual(await list({ sort: '-public,name', page_size: 2 }), ['gamma', 'Beta']);
    assert.equal((await list({ sort: 'update_time' })).length, 6);
  });

  for (const given of [
    { q: 'password=x' },
    { q: 'constructor=x' },
    { q: '__proto__=x' },
    { q: 'update_time=2026-01-01' },
    { q: 'id=x' },
    { q: 'id=1e9' },
    { q: 'id=~1' },
    { q: 'created=~2026' },
    { q: 'name=~a\0b' },
    { q: 'public=maybe' },
    { q: 'created=yesterday' },
    { q: 'name=a\0b' },
    { sort: 'password' },
    { sort: 'toString' },
  ]) {
    test(`refuses ${JSON.stringify(given)}`, async () => {
      const { place, list } = await open();
      await using _ = place;
      await assert.rejects(list(given), { code: 'query-invalid' });
    });
  }
});
