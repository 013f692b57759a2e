import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '#kernel/actor';
import { createTestClock } from '#testing/test-clock';
import { createRefusals } from './refusals.ts';
import type { AuditEntry } from './types.ts';

const user = (name: string): Actor => ({ kind: 'user', userId: 1, name, admin: false });

function open() {
  const rows: AuditEntry[] = [];
  const time = createTestClock();
  const refusals = createRefusals({ note: (entry) => void rows.push(entry), clock: time.clock });
  const refuse = (actor: Actor, address = '192.0.2.1') =>
    refusals.note({
      action: 'delete-project',
      asker: { actor, address, requestId: 'r' },
      resource: 'team',
      outcome: 'failure',
    });
  return { rows, time, refuse, refusals };
}

test('each refusal is noted as it comes', () => {
  using bench = open().refusals;
  assert.ok(bench);
  const { rows, refuse, refusals } = open();
  for (let at = 0; at < 60; at++) refuse(user('anna'));
  assert.equal(rows.length, 60);
  refusals[Symbol.dispose]();
  assert.equal(rows.length, 60, 'nothing was omitted');
});

test('beyond sixty in a minute they are counted, of each asker by itself', () => {
  const { rows, time, refuse, refusals } = open();
  for (let at = 0; at < 1000; at++) refuse(user('anna'));
  refuse(user('ben'));
  assert.equal(rows.length, 61);
  time.advance(60_000);
  refuse(user('anna'));
  assert.deepEqual(
    rows.slice(61).map(({ action, resource, outcome, detail }) => ({ action, resource, outcome, detail })),
    [
      { action: 'omit-refusals', resource: 'anna', outcome: 'failure', detail: { omitted: 940 } },
      { action: 'delete-project', resource: 'team', outcome: 'failure', detail: undefined },
    ],
  );
  refusals[Symbol.dispose]();
});

test('nobody is told apart by address, and all together have a bound too', () => {
  const { rows, refuse, refusals } = open();
  for (let at = 0; at < 5000; at++) refuse({ kind: 'anonymous' }, `2001:db8::${at.toString(16)}`);
  assert.equal(rows.length, 1200);
  refusals[Symbol.dispose]();
  const omitted = rows.slice(1200);
  assert.deepEqual(
    omitted.map(({ action, resource, detail }) => ({ action, resource, detail })),
    [{ action: 'omit-refusals', resource: 'everybody', detail: { omitted: 3800 } }],
  );
});
