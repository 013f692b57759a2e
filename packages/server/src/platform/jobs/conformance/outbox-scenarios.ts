import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DomainEvent, NewEvent } from '#kernel/events';
import type { Transaction } from '#kernel/transaction';
import { type Db, within } from '#platform/db';
import { createOutbox, type EventListener } from '#platform/outbox';
import { type JobScenario, type MakeJobPlace, startJobScenario, until } from './job-scenario.ts';

const tagged = (projectId: number, tag: string): NewEvent => ({
  kind: 'tag-created',
  projectId,
  projectName: `p${projectId}`,
  operator: 'ada',
  repository: `p${projectId}/app`,
  digest: 'sha256:0',
  tag,
});

function openOutbox({ now }: JobScenario, db: Db, hear?: EventListener['hear']) {
  const errors: unknown[] = [];
  const outbox = createOutbox({
    db,
    clock: now,
    newId: () => crypto.randomUUID(),
    onError: (error) => errors.push(error),
    pollMs: 50,
  });
  if (hear !== undefined) outbox.subscribe({ name: 'test', kinds: ['tag-created'], hear });
  return { outbox, errors };
}

const wordOf = (event: DomainEvent) => (event.kind === 'tag-created' ? event.tag : event.kind);

const countEvents = async (db: Db) => {
  const row = await db.read
    .selectFrom('outbox_event')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirst();
  return Number(row?.count);
};

export function describeOutbox(makePlace: MakeJobPlace): void {
  test('an event is told when it became true, and not when it did not', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    const heard: DomainEvent[] = [];
    const { outbox } = openOutbox(scenario, db, async (_tx, event) => void heard.push(event));
    await using _ended = outbox;
    outbox.start();
    const undone = db.transact(async (tx) => {
      await outbox.emit(tx, tagged(1, 'undone'));
      throw new Error('no');
    });
    await assert.rejects(undone);
    await db.transact((tx) => outbox.emit(tx, tagged(1, 'done')));
    await until(() => heard.length > 0);
    assert.deepEqual(heard.map(wordOf), ['done']);
    const [event] = heard;
    assert.ok(event !== undefined && event.id.length === 36 && event.at > 0);
    assert.equal(event.operator, 'ada');
  });

  test('what nobody listens to is not even written', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    const { outbox } = openOutbox(scenario, db);
    await using _ended = outbox;
    await db.transact((tx) => outbox.emit(tx, tagged(1, 'unheard')));
    outbox.note(tagged(1, 'unheard'));
    await outbox.flush();
    assert.equal(await countEvents(db), 0);
  });

  test('the events of a project are told in their order, and one that fails holds its own project alone', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    const heard: string[] = [];
    let broken = true;
    const { outbox, errors } = openOutbox(scenario, db, async (_tx, event) => {
      if (broken && wordOf(event) === 'bad') throw new Error('not now');
      heard.push(`${event.projectId}:${wordOf(event)}`);
    });
    await using _ended = outbox;
    for (const [project, tag] of [
      [1, 'a'],
      [1, 'bad'],
      [1, 'c'],
      [2, 'a'],
      [2, 'b'],
    ] as const) {
      await db.transact((tx) => outbox.emit(tx, tagged(project, tag)));
    }
    await outbox.flush();
    // Those of the batch that failed are told again, which is what "at least once" means.
    const after = heard.slice(heard.lastIndexOf('1:a'));
    assert.deepEqual(after, ['1:a', '2:a', '2:b']);
    assert.equal(errors.length, 1);
    broken = false;
    await outbox.flush();
    assert.equal(heard.at(-1), '2:b', 'it waits before it is tried again');
    scenario.advance(10_000);
    await outbox.flush();
    assert.deepEqual(heard.slice(-2), ['1:bad', '1:c']);
  });

  test('what a listener writes is written once, however often it is called', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    let calls = 0;
    const write = (tx: Transaction, type: string) => within(tx).insertInto('job_queue').values({ type }).execute();
    const { outbox } = openOutbox(scenario, db, async (tx, event) => {
      calls += 1;
      await write(tx, wordOf(event));
      if (calls === 1) throw new Error('after the write');
    });
    await using _ended = outbox;
    await db.transact((tx) => outbox.emit(tx, tagged(1, 'once')));
    await outbox.flush();
    scenario.advance(10_000);
    await outbox.flush();
    assert.ok(calls >= 2);
    const rows = await db.read.selectFrom('job_queue').select('type').execute();
    assert.deepEqual(
      rows.map(({ type }) => type),
      ['once'],
    );
  });

  test('an event that always fails is given up in the end', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    const heard: string[] = [];
    const { outbox, errors } = openOutbox(scenario, db, async (_tx, event) => {
      if (wordOf(event) === 'bad') throw new Error('never');
      heard.push(wordOf(event));
    });
    await using _ended = outbox;
    for (const tag of ['bad', 'good']) await db.transact((tx) => outbox.emit(tx, tagged(1, tag)));
    for (let tries = 0; tries < 25; tries += 1) {
      await outbox.flush();
      scenario.advance(400_000);
    }
    assert.equal(errors.length, 20);
    assert.deepEqual(heard, ['good']);
  });

  test('two processes tell each event of each project once and in order', async () => {
    await using scenario = await startJobScenario(makePlace);
    const heard: string[] = [];
    const hear = async (_tx: unknown, event: DomainEvent) => {
      heard.push(`${event.projectId}:${wordOf(event)}`);
    };
    const processes = [await scenario.openProcess(), await scenario.openProcess()];
    await using stack = new AsyncDisposableStack();
    const outboxes = processes.map(({ db }) => stack.use(openOutbox(scenario, db, hear).outbox));
    for (const outbox of outboxes) outbox.start();
    await Promise.all(
      [1, 2].map(async (project) => {
        const { db } = processes[project - 1] as { db: Db };
        for (let at = 0; at < 40; at += 1) {
          await db.transact((tx) => (outboxes[project - 1] as (typeof outboxes)[0]).emit(tx, tagged(project, `${at}`)));
        }
      }),
    );
    await until(() => heard.length >= 80);
    await sleep(100);
    assert.equal(heard.length, 80);
    for (const project of [1, 2]) {
      const own = heard.filter((word) => word.startsWith(`${project}:`)).map((word) => Number(word.split(':')[1]));
      assert.deepEqual(
        own,
        Array.from({ length: 40 }, (_, at) => at),
      );
    }
  });

  test('what was noted is written with others, at a shutdown too', async () => {
    await using scenario = await startJobScenario(makePlace);
    const { db } = await scenario.openProcess();
    const heard: string[] = [];
    const { outbox } = openOutbox(scenario, db, async (_tx, event) => void heard.push(wordOf(event)));
    for (let at = 0; at < 450; at += 1) outbox.note(tagged(1, String(at)));
    assert.equal(await countEvents(db), 0);
    await outbox[Symbol.asyncDispose]();
    assert.equal(await countEvents(db), 450);
    const next = openOutbox(scenario, db, async (_tx, event) => void heard.push(wordOf(event)));
    await using _ended = next.outbox;
    next.outbox.start();
    await until(() => heard.length === 450);
    assert.deepEqual(heard.slice(0, 3), ['0', '1', '2']);
  });
}
