import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { createPasswordHasher } from '#platform/crypto';
import type { OutboundRequest } from '#platform/outbound';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { quickHash } from '#testing/quick-hash';
import { openFreshness } from './freshness.ts';
import { createUserStore } from './store.ts';

const refused = (error: unknown) => error instanceof RegistryError && error.code === 'body-invalid';
const sha1 = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase();

const setUp = async (
  place: TestDatabase,
  options: { file?: string; url?: string; history?: number; answer?: (request: OutboundRequest) => string | number },
) => {
  const store = createUserStore(place.db);
  const asked: OutboundRequest[] = [];
  const unknown: unknown[] = [];
  const freshness = await openFreshness({
    breachedFile: options.file,
    breachedUrl: options.url,
    history: options.history ?? 0,
    store,
    hasher: createPasswordHasher(1),
    async request(request) {
      asked.push(request);
      const answer = options.answer?.(request) ?? 500;
      const [status, body] = typeof answer === 'number' ? [answer, ''] : [200, answer];
      return { status, headers: {}, body: Buffer.from(body), truncated: false };
    },
    onUnknown: (error) => unknown.push(error),
  });
  return { store, freshness, asked, unknown };
};

forEachDialect('a new password', (on) => {
  test('is any, unless something is asked for', async () => {
    await using place = await on.open();
    const { freshness, asked } = await setUp(place, {});
    await freshness.assertFresh('Password123', undefined);
    assert.deepEqual(asked, []);
  });

  test('is none of a file of broken ones', async () => {
    await using place = await on.open();
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'list');
    await writeFile(file, `${sha1('Password123')}:42\r\n${sha1('Password124').toLowerCase().slice(0, 12)}\n\n`);
    const { freshness } = await setUp(place, { file });
    await assert.rejects(freshness.assertFresh('Password123', undefined), refused);
    await assert.rejects(freshness.assertFresh('Password124', undefined), refused);
    await freshness.assertFresh('Password125', undefined);
    await writeFile(file, 'password\n');
    await assert.rejects(setUp(place, { file }), /no SHA-1/);
    await assert.rejects(setUp(place, { file: join(folder.path, 'none') }), /ENOENT/);
  });

  test('is none of a list that is asked by five signs, and any while the list does not answer', async () => {
    await using place = await on.open();
    const hash = sha1('Password123');
    const url = 'https://list.example.org/range/';
    const answer = () => `${'0'.repeat(35)}:0\r\n${hash.slice(5)}:7\r\n`;
    const { freshness, asked } = await setUp(place, { url, answer });
    await assert.rejects(freshness.assertFresh('Password123', undefined), refused);
    assert.equal(asked[0]?.url, `https://list.example.org/range/${hash.slice(0, 5)}`);
    assert.doesNotMatch(JSON.stringify(asked), new RegExp(hash.slice(5)));
    await freshness.assertFresh('Password125', undefined);
    const padded = await setUp(place, { url, answer: () => `${hash.slice(5)}:0` });
    await padded.freshness.assertFresh('Password123', undefined);
    const broken = await setUp(place, { url, answer: () => 503 });
    await broken.freshness.assertFresh('Password123', undefined);
    assert.equal(broken.unknown.length, 1);
  });

  test('is none of those that the account had last', async () => {
    await using place = await on.open();
    const { store, freshness } = await setUp(place, { history: 3 });
    const { transact } = place.db;
    const first = { name: 'anna', password: quickHash('first'), admin: false, at: 1 };
    const id = (await transact((tx) => store.insert(tx, first))) ?? 0;
    for (const next of ['second', 'third']) {
      await freshness.assertFresh(next, id);
      await transact(async (tx) => {
        await freshness.rememberOld(tx, id);
        await store.setPassword(tx, id, quickHash(next), 1);
      });
    }
    for (const old of ['first', 'second', 'third']) await assert.rejects(freshness.assertFresh(old, id), refused, old);
    await transact(async (tx) => {
      await freshness.rememberOld(tx, id);
      await store.setPassword(tx, id, quickHash('fourth'), 1);
    });
    await freshness.assertFresh('first', id);
    assert.equal((await place.query('select * from password_history')).length, 2);
    await freshness.assertFresh('second', undefined);
    await transact((tx) => store.delete(tx, id));
    assert.deepEqual(await place.query('select * from password_history'), []);
  });
});

async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'entrepot-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
