import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { forEachDialect } from '#testing/databases';
import { askManagement } from '#testing/management';
import { startTestRegistry, type TestRegistry } from '#testing/test-registry';
import { askOwn, remove } from '#testing/undo-scene';

interface Change {
  readonly at: string;
  readonly actor: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly restorable: boolean;
}

interface RolledBack {
  readonly from: string | null;
  readonly to: string;
  readonly restored: number;
}

async function pull(registry: TestRegistry, repository: string, reference: string) {
  const response = await registry.fetch(`/v2/${repository}/manifests/${reference}`, { as: registry.admin });
  await response.arrayBuffer();
  return response.status === 200 ? response.headers.get('docker-content-digest') : response.status;
}

forEachDialect('a tag', (on) => {
  describe('in a registry', { concurrency: false }, () => {
    const opened = (async () => {
      const place = await on.makePlace();
      const registry = await startTestRegistry({ place });
      await registry.addProject('team', true);
      await registry.addUser('dev', { team: 2 });
      await registry.addUser('guest', { team: 3 });
      const history = async (repository: string, tag: string, as = registry.admin) =>
        askOwn<Change[]>(registry, 'GET', `/projects/team/repositories/${repository}/tags/${tag}/history`, { as });
      const rollback = async (repository: string, tag: string, options: Parameters<typeof askOwn>[3] = {}) =>
        askOwn<RolledBack>(registry, 'POST', `/projects/team/repositories/${repository}/tags/${tag}/rollback`, options);
      /** Three images, one after the other under one tag. */
      const three = async (repository: string, tag = 'live') => {
        const images = [];
        for (let at = 0; at < 3; at += 1) images.push(await registry.pushImage(`team/${repository}`, tag));
        const [first, second, third] = images.map(({ digest }) => digest);
        assert.ok(first && second && third);
        return { first, second, third };
      };
      return { registry, place, history, rollback, three };
    })();
    after(async () => {
      const { registry, place } = await opened;
      await registry[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    test('tells what it pointed at, who moved it, and whether it can go back', async () => {
      const { registry, history, three } = await opened;
      const { first, second, third } = await three('told');
      await remove(registry, `/v2/team/told/manifests/${second}`);
      const { json, headers } = await history('told', 'live');
      assert.equal(headers.get('x-total-count'), '3');
      assert.deepEqual(
        json.map(({ from, to, actor, restorable }) => [from, to, actor, restorable]),
        [
          [second, third, 'admin', true],
          [first, second, 'admin', true],
          [null, first, 'admin', true],
        ],
      );
      await registry.query(`update deletion set expires_at = 1 where digest = '${second}'`);
      assert.deepEqual(
        (await history('told', 'live')).json.map(({ restorable }) => restorable),
        [true, false, true],
      );
      const guest = await history('told', 'live', registry.basic('guest'));
      assert.deepEqual(
        guest.json.map(({ actor }) => actor),
        [null, null, null],
      );
      assert.equal((await history('told', 'never')).status, 404);
      assert.equal((await history('nowhere', 'live')).status, 404);
    });

    test('goes back to what it was before the last change, and with the next time forward again', async () => {
      const { registry, rollback, three } = await opened;
      const { second, third } = await three('back');
      assert.deepEqual((await rollback('back', 'live')).json, { from: third, to: second, restored: 0, left: 0 });
      assert.equal(await pull(registry, 'team/back', 'live'), second);
      assert.equal((await rollback('back', 'live', { body: {} })).json.to, third);
      const [row] = await registry.query(
        "select detail from audit where action = 'rollback-tag' and resource = 'team/back:live' and outcome = 'success' order by id limit 1",
      );
      assert.match(String(row?.['detail']), new RegExp(`${third}.*${second}`));
    });

    test('goes to a manifest it pointed at, or to where it pointed at a time', async () => {
      const { registry, history, rollback, three } = await opened;
      const { first, second, third } = await three('chosen');
      assert.equal((await rollback('chosen', 'live', { body: { to: first } })).json.to, first);
      assert.equal((await rollback('chosen', 'live', { body: { to: first } })).json.from, first, 'twice is once');
      await registry.query(`update tag_change set at = 1000 where to_digest = '${first}' and from_digest is null`);
      await registry.query(`update tag_change set at = 2000 where to_digest = '${second}'`);
      await registry.query(`update tag_change set at = 3000 where to_digest = '${third}'`);
      const before = (time: number) => ({ body: { before: new Date(time).toISOString() } });
      assert.equal((await rollback('chosen', 'live', before(2500))).json.to, second);
      assert.equal((await rollback('chosen', 'live', before(3500))).json.to, third);
      assert.equal((await rollback('chosen', 'live', before(500))).status, 404);
      const other = await registry.pushImage('team/chosen', 'other');
      assert.equal((await rollback('chosen', 'live', { body: { to: other.digest } })).status, 404, 'it never did');
      const both = { to: first, before: new Date(1500).toISOString() };
      assert.equal((await rollback('chosen', 'live', { body: both })).status, 400);
      assert.equal((await rollback('chosen', 'live', { body: { to: 'sha256:1' } })).status, 400);
      assert.equal((await history('chosen', 'live')).json[0]?.to, third);
    });

    test('brings back what was deleted meanwhile, the tag too', async () => {
      const { registry, rollback, three } = await opened;
      const { second, third } = await three('gone');
      for (const digest of [second, third]) await remove(registry, `/v2/team/gone/manifests/${digest}`);
      assert.equal(await pull(registry, 'team/gone', 'live'), 404);
      const back = await rollback('gone', 'live');
      assert.deepEqual([back.status, back.json], [200, { from: null, to: third, restored: 1, left: 0 }]);
      assert.equal(await pull(registry, 'team/gone', 'live'), third);
      assert.equal((await rollback('gone', 'live', { body: { to: second } })).json.restored, 1);
      assert.equal(await pull(registry, 'team/gone', 'live'), second);
    });

    test('comes back in a repository that was emptied', async () => {
      const { registry, rollback, three } = await opened;
      const { third } = await three('emptied');
      await remove(registry, '/api/v2.0/projects/team/repositories/emptied');
      assert.equal((await rollback('emptied', 'live')).json.to, third);
      assert.equal(await pull(registry, 'team/emptied', 'live'), third);
    });

    test('stays where it is when it points elsewhere than its mover believes, or may not be moved', async () => {
      const { registry, rollback, three } = await opened;
      const { second, third } = await three('held', 'release');
      const onlyIf = (digest: string) => ({ headers: { 'if-match': `"${digest}"` } });
      assert.equal((await rollback('held', 'release', onlyIf(second))).status, 412);
      assert.equal((await rollback('held', 'release', onlyIf('nonsense'))).status, 400);
      const rule = {
        action: 'immutable',
        template: 'immutable_template',
        tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern: 'release' }],
        scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: 'held' }] },
      };
      const made = await askManagement(registry, 'POST', '/projects/team/immutabletagrules', {
        as: registry.admin,
        body: rule,
      });
      assert.equal(made.status, 201, made.text);
      const kept = await rollback('held', 'release');
      assert.equal(kept.status, 412, kept.text);
      assert.match(kept.text, /immutable/);
      assert.equal(await pull(registry, 'team/held', 'release'), third);
      assert.equal((await rollback('held', 'release', onlyIf(third))).status, 412, 'the rule goes first');
    });

    test('is moved by those who may tag', async () => {
      const { registry, rollback, three } = await opened;
      await three('whose');
      assert.equal((await rollback('whose', 'live', { as: registry.basic('guest') })).status, 403);
      assert.equal((await rollback('whose', 'live', { as: registry.basic('dev') })).status, 200);
      assert.equal((await rollback('nowhere', 'live')).status, 404);
    });

    test('has one history when many move it back and forth at once', async () => {
      const { registry, rollback, three } = await opened;
      await three('busy');
      const answers = await Promise.all([0, 1, 2, 3, 4, 5].map(() => rollback('busy', 'live')));
      assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
      const rows = await registry.query(`select from_digest, to_digest from tag_change
        join repository on repository.id = repository_id where repository.name = 'team/busy' order by tag_change.id`);
      assert.equal(rows.length, 9);
      for (const [at, row] of rows.entries()) assert.equal(row['from_digest'], rows[at - 1]?.['to_digest'] ?? null);
    });
  });
});
