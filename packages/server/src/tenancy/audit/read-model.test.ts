import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readListQuery } from '#kernel/list-query';
import { createAuditChain, createChainStore } from '#tenancy/audit/chain';
import { type Dialect, forEachDialect } from '#testing/databases';
import { createTestClock } from '#testing/test-clock';
import type { AuditAction } from './actions.ts';
import { createAuditReads } from './read-model.ts';
import { createAuditStore } from './store.ts';
import type { AuditScope } from './types.ts';

interface Given {
  readonly at: number;
  readonly name: string;
  readonly action: AuditAction;
  readonly projectId: number | undefined;
  readonly outcome: 'success' | 'failure';
}

const everything: AuditScope = { kind: 'all' };
const ofProjects = (...projectIds: number[]): AuditScope => ({ kind: 'projects', projectIds });

async function open(on: Dialect) {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await on.open());
  const { db } = place;
  const time = createTestClock();
  const chain = stack.use(
    createAuditChain({
      store: createChainStore(db),
      transact: db.transact,
      clock: time.clock,
      onCheckpoint: () => undefined,
      onError: assert.ifError,
    }),
  );
  const store = createAuditStore();
  const owned = stack.move();
  return {
    reads: createAuditReads(db),
    chain,
    async add(rows: readonly Given[]) {
      const entries = rows.map(({ at, name, action, projectId, outcome }) => ({
        at,
        entry: {
          action,
          asker: {
            actor: { kind: 'user', userId: 1, name, admin: false } as const,
            address: '192.0.2.1',
            requestId: `r${at}`,
          },
          ...(projectId === undefined ? {} : { projectId }),
          resource: `team/app:${at}`,
          outcome,
        },
      }));
      await db.transact((tx) => store.insert(tx, entries));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const actions: readonly AuditAction[] = ['pull-artifact', 'pull-artifact', 'push-artifact', 'delete-tag', 'login'];

const rows: readonly Given[] = Array.from({ length: 97 }, (_, index) => {
  const action = actions[index % actions.length] ?? 'login';
  return {
    at: 1000 + index,
    name: index % 10 === 3 ? 'ben' : 'anna',
    action,
    projectId: action === 'login' ? undefined : 1 + (index % 3),
    outcome: index % 7 === 0 ? 'failure' : 'success',
  };
});

/** What a list has to show, found the simple way: the moments of the rows in order. */
function expected(picks: (row: Given) => boolean, options: { page: number; size: number; descending: boolean }) {
  const all = rows.filter(picks).map(({ at }) => at);
  const ordered = options.descending ? all.toReversed() : all;
  const from = (options.page - 1) * options.size;
  return { total: all.length, moments: ordered.slice(from, from + options.size) };
}

const lists: readonly (readonly [name: string, scope: AuditScope, q: string, picks: (row: Given) => boolean])[] = [
  ['everything', everything, '', () => true],
  ['a project', ofProjects(2), '', ({ projectId }) => projectId === 2],
  ['a project without rows', ofProjects(9), '', () => false],
  ['somebody', everything, 'username=ben', ({ name }) => name === 'ben'],
  ['nobody there', everything, 'username=eve', () => false],
  ['several projects', ofProjects(1, 3), '', ({ projectId }) => projectId === 1 || projectId === 3],
  ['no project', ofProjects(), '', () => false],
  ['all projects', { kind: 'every-project' }, '', ({ projectId }) => projectId !== undefined],
  ['somebody in a project', ofProjects(1), 'username=ben', ({ name, projectId }) => name === 'ben' && projectId === 1],
  ['an operation', everything, 'operation=delete', ({ action }) => action === 'delete-tag'],
  ['pulls', everything, 'operation=pull', ({ action }) => action === 'pull-artifact'],
  [
    'operations on a kind of thing',
    everything,
    'operation={create delete},resource_type=artifact',
    ({ action }) => action === 'push-artifact',
  ],
  ['a part of a kind of thing', everything, 'resource_type=~ARTI', ({ action }) => action.endsWith('artifact')],
  ['what cannot be', everything, 'operation=login,resource_type=tag', () => false],
  ['failures', ofProjects(1), 'operation_result=false', (row) => row.outcome === 'failure' && row.projectId === 1],
  ['a stretch of time', everything, 'op_time=[000000001020~000000001030]', ({ at }) => at >= 1020 && at <= 1030],
  ['a part of a name', everything, 'resource=~app:101', ({ at }) => at >= 1010 && at <= 1019],
  ['one request', everything, 'request_id=r1042', ({ at }) => at === 1042],
];

forEachDialect('the list of the audit', (on) => {
  // Everything chained, nothing chained, and some of each in segments of several sizes.
  for (const sealedAfter of [[97], [], [1, 2, 30, 60, 61]]) {
    test(`has every page of every list, with segments up to ${sealedAfter.join(', ') || 'nothing'}`, async () => {
      await using bench = await open(on);
      let from = 0;
      for (const to of sealedAfter) {
        await bench.add(rows.slice(from, to));
        await bench.chain.seal();
        from = to;
      }
      await bench.add(rows.slice(from));
      for (const [name, scope, q, picks] of lists) {
        for (const [sort, descending] of [
          ['-op_time', true],
          ['id', false],
        ] as const) {
          for (const size of [1, 7, 50]) {
            for (const page of [1, 2, 14, 98]) {
              const { total, moments } = expected(picks, { page, size, descending });
              const found = await bench.reads.list(scope, readListQuery({ q, sort, page, page_size: size }));
              const what = `${name}, ${sort}, page ${page} of ${size}`;
              assert.equal(found.total, total, what);
              assert.deepEqual(
                found.rows.map((row) => row.at),
                moments,
                what,
              );
            }
          }
        }
      }
    });
  }

  test('shows a row with all it has', async () => {
    await using bench = await open(on);
    await bench.add(rows.slice(3, 4));
    for (const sealed of [false, true]) {
      if (sealed) await bench.chain.seal();
      const { rows: found } = await bench.reads.list(everything, readListQuery({}));
      assert.deepEqual(
        { ...found[0] },
        {
          id: 1,
          at: 1003,
          actor: 'ben',
          actorId: 1,
          address: '192.0.2.1',
          requestId: 'r1003',
          action: 'delete-tag',
          projectId: 1,
          resource: 'team/app:1003',
          digest: null,
          outcome: 'success',
          detail: null,
        },
      );
    }
  });

  for (const [q, sort, message] of [
    ['detail=~x', '', /query\.q: there is no field detail here/],
    ['actor_id=1', '', /no field actor_id/],
    ['audit.actor=x', '', /no field audit\.actor/],
    ['operation=[a~b]', '', /operation takes a name/],
    ['operation_result=maybe', '', /operation_result takes true or false/],
    ['op_time=[yesterday~]', '', /op_time takes a time/],
    ['id=x', '', /id takes a number/],
    ['', 'detail', /query\.sort: there is no order by detail/],
    ['', 'constructor', /no order by constructor/],
  ] as const) {
    test(`refuses ${q || sort} with a word on what there is`, async () => {
      await using bench = await open(on);
      await assert.rejects(bench.reads.list(everything, readListQuery({ q, sort })), message);
    });
  }

  test('is walked through in the order of time, each row once, in bounded steps', async () => {
    await using bench = await open(on);
    const many = Array.from(
      { length: 2600 },
      (_, index): Given => ({
        // Many of the same moment, and late ones.
        at: 5000 + Math.floor(index / 700) - (index % 50 === 49 ? 1 : 0),
        name: 'anna',
        action: 'pull-artifact',
        projectId: index % 2,
        outcome: 'success',
      }),
    );
    await bench.add(many);
    const walk = async (range: { from: number; to: number; projectId: number | undefined }) => {
      const found: { id: number; at: number }[] = [];
      let next: { id: number; at: number } | undefined;
      do {
        const step = await bench.reads.walk(range, next);
        assert.ok(step.rows.length <= 1000);
        found.push(...step.rows);
        ({ next } = step);
      } while (next !== undefined);
      return found.map(({ id, at }) => ({ id, at }));
    };
    const ordered = many
      .map(({ at, projectId }, index) => ({ id: index + 1, at, projectId }))
      .toSorted((one, other) => one.at - other.at || one.id - other.id);
    const wanted = (picks: (row: { at: number; projectId: number | undefined }) => boolean) =>
      ordered.filter(picks).map(({ id, at }) => ({ id, at }));
    assert.deepEqual(
      await walk({ from: 0, to: 9999, projectId: undefined }),
      wanted(() => true),
    );
    assert.deepEqual(
      await walk({ from: 5001, to: 5003, projectId: undefined }),
      wanted(({ at }) => at === 5001 || at === 5002),
    );
    assert.deepEqual(
      await walk({ from: 0, to: 9999, projectId: 1 }),
      wanted(({ projectId }) => projectId === 1),
    );
    assert.deepEqual(await walk({ from: 0, to: 9999, projectId: 7 }), []);
  });
});
