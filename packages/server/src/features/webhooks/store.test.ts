import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { NewEvent } from '#kernel/events';
import { createSecretBox } from '#platform/crypto';
import type { Db } from '#platform/db';
import { createJobs } from '#platform/jobs';
import { createOutbox } from '#platform/outbox';
import { forEachDialect } from '#testing/databases';
import { createRepositoryStore } from '#registry/repositories';
import { addProjectRow, addRepositoryRow } from '#testing/rows';
import { createWebhookListener } from './listener.ts';
import { createWebhookStore } from './store.ts';
import type { NewPolicy, NewTarget } from './types.ts';

const list = { conditions: [], sort: [], page: 1, pageSize: 10 };

const aTarget = (address: string, more: Partial<NewTarget> = {}): NewTarget => ({
  type: 'http',
  address,
  authHeader: undefined,
  skipCertVerify: false,
  payloadFormat: 'Default',
  ...more,
});

const aPolicy = (name: string, more: Partial<NewPolicy> = {}): NewPolicy & { creator: string } => ({
  name,
  description: '',
  enabled: true,
  eventTypes: ['PUSH_ARTIFACT'],
  targets: [aTarget('https://a.example/')],
  creator: 'ada',
  ...more,
});

const box = createSecretBox([randomBytes(32)]);

forEachDialect('webhook policies', (on) => {
  const insert = async (db: Db, projectId: number, policy: NewPolicy & { creator: string }) =>
    db.transact((tx) => createWebhookStore(db, box).insert(tx, projectId, policy, 5));

  test('are kept with their targets, by project, one of each name', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createWebhookStore(db, box);
    const [one, two] = [await addProjectRow(db, 'one'), await addProjectRow(db, 'two')];
    const id = await insert(
      db,
      one,
      aPolicy('p', { targets: [aTarget('https://a/'), aTarget('https://b/', { type: 'slack' })] }),
    );
    assert.ok(id !== undefined);
    assert.equal(await insert(db, one, aPolicy('p')), undefined);
    assert.ok((await insert(db, two, aPolicy('p'))) !== undefined);
    const found = await store.find(one, id);
    assert.deepEqual(
      found?.targets.map(({ address, type, hasAuthHeader }) => [address, type, hasAuthHeader]),
      [
        ['https://a/', 'http', false],
        ['https://b/', 'slack', false],
      ],
    );
    assert.deepEqual([found?.createdAt, found?.isSigned, found?.repositories], [5, false, '']);
    assert.equal(await store.find(two, id), undefined);
    assert.equal((await store.list(one, list)).total, 1);
    const named = { kind: 'like', field: 'name', value: 'P' } as const;
    assert.equal((await store.list(two, { ...list, conditions: [named] })).entries.length, 1);
    assert.equal(await db.transact((tx) => store.delete(tx, two, id)), false);
    assert.equal(await db.transact((tx) => store.delete(tx, one, id)), true);
    assert.equal((await place.query(`select id from webhook_target where policy_id = ${id}`)).length, 0);
  });

  test('keep the secret of a target that stays, sealed for its row, and forget that of one that goes', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createWebhookStore(db, box);
    const project = await addProjectRow(db, 'one');
    const targets = [
      aTarget('https://a/', { authHeader: 'first secret' }),
      aTarget('https://b/', { authHeader: 'second secret' }),
    ];
    const id = (await insert(db, project, aPolicy('p', { targets }))) ?? 0;
    await db.transact((tx) =>
      store.setOptions(tx, id, { repositories: '', tags: '', signingSecret: 'signing secret' }, 6),
    );
    const before = await store.find(project, id);
    assert.ok(before !== undefined && before.isSigned);
    const [first] = before.targets;
    const sending = await store.findSending(id, first?.id ?? 0);
    assert.deepEqual([sending?.authHeader, sending?.signingSecret], ['first secret', 'signing secret']);
    const raw = JSON.stringify([
      await place.query('select * from webhook_target'),
      await place.query('select * from webhook_policy'),
    ]);
    assert.ok(!raw.includes(' secret') && raw.split('sealed:1:').length === 4);
    const changed = aPolicy('p', { targets: [aTarget('https://a/', { skipCertVerify: true }), aTarget('https://c/')] });
    assert.equal(await db.transact((tx) => store.update(tx, before, changed, 7)), true);
    const after = await store.find(project, id);
    assert.deepEqual(
      after?.targets.map(({ address, hasAuthHeader, skipCertVerify }) => [address, hasAuthHeader, skipCertVerify]),
      [
        ['https://a/', true, true],
        ['https://c/', false, false],
      ],
    );
    assert.equal(after?.targets[0]?.id, first?.id);
    const swapped = `update webhook_target set auth_header = (select auth_header from webhook_target where id = ${first?.id})`;
    await place.query(`${swapped} where id <> ${first?.id}`);
    await assert.rejects(store.findSending(id, after?.targets[1]?.id ?? 0), /belongs to another row/);
  });

  test('know which projects wait for pulls', async () => {
    await using place = await on.open();
    const { db } = place;
    const ids = [await addProjectRow(db, 'one'), await addProjectRow(db, 'two'), await addProjectRow(db, 'three')];
    await insert(db, ids[0] ?? 0, aPolicy('p', { eventTypes: ['PUSH_ARTIFACT', 'PULL_ARTIFACT'] }));
    await insert(db, ids[0] ?? 0, aPolicy('q', { eventTypes: ['PULL_ARTIFACT'] }));
    await insert(db, ids[1] ?? 0, aPolicy('p'));
    await insert(db, ids[2] ?? 0, aPolicy('p', { eventTypes: ['PULL_ARTIFACT'], enabled: false }));
    assert.deepEqual(await createWebhookStore(db, box).listPullProjects(), [ids[0]]);
  });

  test('become deliveries when an event is told, once for each target, and none for an event that was undone', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createWebhookStore(db, box);
    const project = await addProjectRow(db, 'team', true);
    await addRepositoryRow(db, project, 'team/app');
    const targets = [aTarget('https://a/'), aTarget('https://b/', { type: 'slack' })];
    const id = (await insert(db, project, aPolicy('p', { targets }))) ?? 0;
    const jobs = createJobs({ db, clock: Date.now });
    await using outbox = createOutbox({
      db,
      clock: Date.now,
      newId: () => crypto.randomUUID(),
      onError: (error) => assert.fail(String(error)),
    });
    outbox.subscribe(
      createWebhookListener({
        store,
        jobs,
        host: 'hub',
        findRepository: createRepositoryStore(db).findFacts,
      }),
    );
    const pushed: NewEvent = {
      kind: 'artifact-pushed',
      projectId: project,
      projectName: 'team',
      operator: 'ada',
      repository: 'team/app',
      digest: 'sha256:0',
      mediaType: 'm',
      tags: ['v1'],
    };
    await db.transact((tx) => outbox.emit(tx, pushed));
    await assert.rejects(
      db.transact(async (tx) => {
        await outbox.emit(tx, pushed);
        throw new Error('undone');
      }),
    );
    await outbox.flush();
    await outbox.flush();
    const scope = { vendorTypes: ['WEBHOOK', 'SLACK'], vendorId: id, projectId: project };
    const { entries, total } = await jobs.listExecutions(scope, list);
    assert.equal(total, 2);
    const how = entries.map(({ vendorType, trigger }) => `${vendorType} ${trigger}`);
    assert.deepEqual(new Set(how), new Set(['SLACK EVENT', 'WEBHOOK EVENT']));
    assert.match(String(entries[0]?.extraAttrs['payload']), /"repo_type":"public"/);
    await db.transact((tx) => store.delete(tx, project, id));
    assert.equal((await jobs.listExecutions(scope, list)).total, 2, 'what was sent stays to be looked at');
  });
});
