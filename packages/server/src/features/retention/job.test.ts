import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import type { RunningTask } from '#platform/jobs';
import { createRetentionHandlers, type RetentionJobsDeps } from './job.ts';
import { createJudging } from './judging.ts';
import type { HeldManifest, RetentionRule } from './types.ts';

const rule: RetentionRule = {
  disabled: false,
  priority: 0,
  template: 'always',
  params: {},
  tags: [{ kind: 'matches', pattern: 'keep', untagged: false }],
  repositories: [],
};
const aManifest = (id: number, tag: string): HeldManifest => ({
  id,
  digest: `digest-${id}`,
  size: 1,
  pushedAt: 1,
  pulledAt: 0,
  listed: true,
  attachedTo: undefined,
  tags: [tag],
  labels: [],
  parts: [],
});

/** A repository in memory, whose deletions may fail or be cut off. */
function open(
  manifests: HeldManifest[],
  onDelete: (digest: string, signal: AbortController) => void = () => undefined,
) {
  const [lines, told]: [string[], object[]] = [[], []];
  const notes: Record<string, unknown> = {};
  const controller = new AbortController();
  const repository = { id: 1, name: 'team/app', pinned: false };
  const policy = { id: 1, projectId: 1, rules: [rule], cron: '' };
  const readModel: RetentionJobsDeps['readModel'] = {
    listRepositories: async () => [repository],
    findRepository: async () => repository,
    listManifests: async () => [...manifests],
    measureFreed: async (_projectId, groups) => groups.map((group) => group.length),
  };
  const store = { find: async () => policy, listRunning: async () => [] } as unknown as RetentionJobsDeps['store'];
  const [, handler] = createRetentionHandlers({
    store,
    readModel,
    judging: createJudging({ store, readModel, tagPolicy: { guardOf: async () => undefined }, clock: () => 5 }),
    upkeep: {
      async deleteWhole(_asker, _project, _repository, digest) {
        onDelete(digest, controller);
        const at = manifests.findIndex((one) => one.digest === digest);
        if (at >= 0) manifests.splice(at, 1);
      },
    },
    jobs: { extend: async () => [], listTasks: async () => ({ entries: [], total: 0 }) },
    events: { emit: async (_tx, ...events) => void told.push(...events) },
    transact: async (work) => work(undefined as never),
    findProject: async () => ({ id: 1, name: 'team', public: false }),
  });
  const run = (signal = controller.signal) =>
    handler?.run({
      payload: { policyId: 1, dryRun: false, projectId: 1, repositoryId: 1 },
      extraAttrs: { ...notes },
      executionId: 1,
      runCount: 1,
      signal,
      log: (line: string) => void lines.push(line),
      report: () => undefined,
      note: (more: object) => void Object.assign(notes, more),
    } as unknown as RunningTask);
  return { run, lines, notes, told, manifests };
}

test('a run that is cut off leaves the rest, and another one goes on and has the account of both', async () => {
  const scene = open(
    ['keep', 'a', 'b', 'c'].map((tag, at) => aManifest(at, tag)),
    (digest, controller) => {
      if (digest === 'digest-2') controller.abort();
    },
  );
  await assert.rejects(scene.run() as Promise<void>);
  assert.deepEqual(
    scene.manifests.map(({ digest }) => digest),
    ['digest-0', 'digest-3'],
  );
  assert.deepEqual(scene.told, [], 'it has not ended');
  await scene.run(new AbortController().signal);
  assert.deepEqual(
    scene.manifests.map(({ digest }) => digest),
    ['digest-0'],
  );
  assert.deepEqual([scene.notes['total'], scene.notes['retained'], scene.notes['deleted']], [4, 1, 3]);
  assert.equal(scene.told.length, 1);
});

test('what changed since it was judged is left for the next run, and told', async () => {
  const scene = open(
    ['keep', 'moved', 'b'].map((tag, at) => aManifest(at, tag)),
    (digest) => {
      if (digest === 'digest-1') throw new RegistryError('precondition-failed', 'It has other tags than a moment ago.');
    },
  );
  await scene.run();
  assert.deepEqual(
    scene.manifests.map(({ digest }) => digest),
    ['digest-0', 'digest-1'],
  );
  assert.ok(scene.lines.includes('Left digest-1: It has other tags than a moment ago.'));
  assert.deepEqual([scene.notes['total'], scene.notes['retained']], [3, 2]);
});

test('a fault is not taken for a change: the run fails and is tried again', async () => {
  const scene = open([aManifest(1, 'a')], () => {
    throw new Error('the database is away');
  });
  await assert.rejects(scene.run() as Promise<void>, /database is away/);
  assert.deepEqual(scene.told, []);
});
