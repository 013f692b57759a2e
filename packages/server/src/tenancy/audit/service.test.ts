import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Transact } from '#kernel/transaction';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { createTestClock, eventually } from '#testing/test-clock';
import { createAudit } from './service.ts';
import { createAuditStore } from './store.ts';
import type { AuditEntry } from './types.ts';

const entry = (resource: string): AuditEntry => ({
  action: 'pull-artifact',
  asker: { actor: { kind: 'anonymous' }, address: '192.0.2.1', requestId: 'r' },
  resource,
  outcome: 'success',
});

function open(place: TestDatabase, transact: Transact = place.db.transact) {
  const errors: { error: unknown; kept: number }[] = [];
  const time = createTestClock(1000);
  const audit = createAudit({
    store: createAuditStore(),
    transact,
    clock: time.clock,
    onError: (error, kept) => void errors.push({ error, kept }),
  });
  const rows = async () =>
    (await place.query('select resource, at from audit order by id')).map((row) => row['resource']);
  return { audit, errors, time, rows };
}

forEachDialect('the audit', (on) => {
  test('writes what was noted within a second, together and in order', async () => {
    await using place = await on.open();
    let commits = 0;
    const { audit, rows } = open(place, (work, options) => {
      commits += 1;
      return place.db.transact(work, options);
    });
    for (const resource of ['a', 'b', 'c']) audit.note(entry(resource));
    assert.deepEqual(await rows(), [], 'nothing is written on the way of the request');
    await eventually(async () => ((await rows()).length === 3 ? true : undefined), 1500);
    assert.deepEqual(await rows(), ['a', 'b', 'c']);
    assert.equal(commits, 1);
    await audit[Symbol.asyncDispose]();
  });

  test('keeps the time of the deed, not the one of the writing', async () => {
    await using place = await on.open();
    const { audit, time } = open(place);
    audit.note(entry('a'));
    time.advance(5000);
    await audit.flush();
    assert.deepEqual(
      (await place.query('select at from audit')).map((row) => Number(row['at'])),
      [1000],
    );
  });

  test('loses nothing when it ends', async () => {
    await using place = await on.open();
    const { audit, rows } = open(place);
    for (let at = 0; at < 50; at++) audit.note(entry(String(at)));
    await audit[Symbol.asyncDispose]();
    assert.equal((await rows()).length, 50);
  });

  test('keeps what could not be written, says so, and writes it when it can, each row once', async () => {
    await using place = await on.open();
    let broken = true;
    const { audit, errors, rows } = open(place, (work, options) =>
      broken ? Promise.reject(new Error('the database is gone')) : place.db.transact(work, options),
    );
    audit.note(entry('a'));
    await audit.flush();
    audit.note(entry('b'));
    await audit.flush();
    assert.deepEqual(
      errors.map(({ kept }) => kept),
      [1, 2],
    );
    broken = false;
    await audit.flush();
    await audit.flush();
    assert.deepEqual(await rows(), ['a', 'b']);
    await audit[Symbol.asyncDispose]();
  });

  test('tries again by itself after a failure', async () => {
    await using place = await on.open();
    let failures = 2;
    const { audit, rows } = open(place, (work, options) => {
      failures -= 1;
      return failures >= 0 ? Promise.reject(new Error('no')) : place.db.transact(work, options);
    });
    audit.note(entry('a'));
    await eventually(async () => ((await rows()).length === 1 ? true : undefined), 4000);
    await audit[Symbol.asyncDispose]();
  });

  test('writes a change with the change, and not without it', async () => {
    await using place = await on.open();
    const { audit, rows } = open(place);
    await place.db.transact((tx) => audit.write(tx, entry('happened')));
    await assert.rejects(
      place.db.transact(async (tx) => {
        await audit.write(tx, entry('did not happen'));
        throw new Error('no');
      }),
    );
    assert.deepEqual(await rows(), ['happened']);
  });

  test('does not wait for half a second when thousands are noted at once', async () => {
    await using place = await on.open();
    const { audit, rows } = open(place);
    for (let at = 0; at < 12_000; at++) audit.note(entry(String(at)));
    await audit[Symbol.asyncDispose]();
    const written = await rows();
    assert.equal(written.length, 12_000);
    assert.deepEqual(
      written,
      Array.from({ length: 12_000 }, (_, at) => String(at)),
    );
  });
});
