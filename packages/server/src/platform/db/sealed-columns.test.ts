import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSecretBox, SecretUnusable } from '#platform/crypto';
import { type DatabasePlace, forEachDialect, type TestDatabase } from '#testing/databases';
import { holdsSealed, resealColumns } from './sealed-columns.ts';

const [first, second] = [randomBytes(32), randomBytes(32)];
const placeOf = (kid: string) => `signing_key/private_jwk/${kid}`;

async function put({ query }: Pick<DatabasePlace, 'query'>, kid: string, value: string): Promise<void> {
  await query(`insert into signing_key (kid, private_jwk, created_at) values ('${kid}', '${value}', 1)`);
}

async function valuesIn({ query }: TestDatabase): Promise<Map<string, string>> {
  const rows = await query('select kid, private_jwk from signing_key order by kid');
  return new Map(rows.map((row) => [String(row['kid']), String(row['private_jwk'])]));
}

forEachDialect('sealed columns', (on) => {
  test('what is plain is sealed, what an earlier key sealed is sealed anew, and the rest stays as it is', async () => {
    await using place = await on.open();
    const [old, box] = [createSecretBox([first]), createSecretBox([second, first])];
    const current = box.seal('three', placeOf('c'));
    await put(place, 'a', '{"plain":1}');
    assert.equal(await holdsSealed(place.db), false);
    await put(place, 'b', old.seal('two', placeOf('b')));
    await put(place, 'c', current);
    assert.equal(await holdsSealed(place.db), true);
    assert.equal(await resealColumns(place.db, box), 2);
    const values = await valuesIn(place);
    assert.equal(values.get('c'), current);
    const opened = [...values].map(([kid, value]) => createSecretBox([second]).open(value, placeOf(kid)));
    assert.deepEqual(opened, ['{"plain":1}', 'two', 'three']);
    assert.equal(await resealColumns(place.db, box), 0);
  });

  test('more rows than one commit takes are all sealed', async () => {
    await using place = await on.open();
    for (let at = 0; at < 250; at++) await put(place, `k${at}`, `secret ${at}`);
    const box = createSecretBox([first]);
    assert.equal(await resealColumns(place.db, box), 250);
    for (const [kid, value] of await valuesIn(place)) {
      assert.equal(box.open(value, placeOf(kid)), `secret ${kid.slice(1)}`);
    }
  });

  test('nothing is changed when one of them cannot be opened', async () => {
    await using place = await on.open();
    const foreign = createSecretBox([second]).seal('x', placeOf('b'));
    for (const [kid, value] of [
      ['a', 'plain'],
      ['b', foreign],
      ['c', 'plain too'],
    ] as const) {
      await put(place, kid, value);
    }
    const before = await valuesIn(place);
    await assert.rejects(resealColumns(place.db, createSecretBox([first])), SecretUnusable);
    assert.deepEqual(await valuesIn(place), before);
  });

  test('processes that seal anew at once leave every secret readable', async () => {
    await using place = await on.open();
    for (let at = 0; at < 30; at++) await put(place, `k${at}`, `secret ${at}`);
    const box = createSecretBox([first]);
    await Promise.all(Array.from({ length: 5 }, () => resealColumns(place.db, createSecretBox([first]))));
    for (const [kid, value] of await valuesIn(place)) {
      assert.equal(box.open(value, placeOf(kid)), `secret ${kid.slice(1)}`);
    }
  });
});
