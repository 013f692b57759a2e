import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { askManagement } from '#testing/management';
import { imageManifest, imageType, useTestRegistry } from '#testing/test-registry';

interface Rule {
  readonly id: number;
  readonly disabled: boolean;
  readonly tag_selectors: readonly { readonly decoration: string; readonly pattern: string }[];
}

const registry = await useTestRegistry();
for (const project of ['team', 'rules', 'other', 'race', 'free']) await registry.addProject(project);
await registry.addUser('owner', { team: 1, rules: 1, race: 1 });
await registry.addUser('keeper', { rules: 4 });
await registry.addUser('guest', { rules: 3 });
await registry.addUser('rival', { other: 1 });
const owner = registry.basic('owner');

const ask = <T = unknown>(method: string, path: string, as = owner, body?: unknown) =>
  askManagement<T>(registry, method, path, { as, body });
const aRule = (tag: string, more: object = {}) => ({
  action: 'immutable',
  template: 'immutable_template',
  tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern: tag }],
  scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
  ...more,
});
const rulesPath = (project: string) => `/projects/${project}/immutabletagrules`;
async function addRule(project: string, rule: object): Promise<number> {
  const { status, headers, text } = await ask('POST', rulesPath(project), owner, rule);
  assert.equal(status, 201, text);
  return Number(/\/immutabletagrules\/(\d+)$/.exec(headers.get('location') ?? '')?.[1]);
}
async function removeTag(repository: string, reference: string) {
  const bearer = await registry.bearer(registry.admin, `repository:${repository}:pull,push,delete`);
  return registry.fetch(`/v2/${repository}/manifests/${reference}`, { method: 'DELETE', as: bearer });
}

describe('the rules of a project', () => {
  test('are written and read in Harbor’s shape, and are audited', async () => {
    const id = await addRule('rules', aRule('v*'));
    const listed = await ask<Rule[]>('GET', rulesPath('rules'));
    assert.equal(listed.headers.get('x-total-count'), '1');
    assert.deepEqual(listed.json, [{ id, priority: 0, disabled: false, ...aRule('v*') }]);
    const { status } = await ask('PUT', `${rulesPath('rules')}/${id}`, owner, aRule('v*', { disabled: true }));
    assert.equal(status, 200);
    assert.equal((await ask<Rule[]>('GET', rulesPath('rules'))).json[0]?.disabled, true);
    assert.equal((await ask('POST', rulesPath('rules'), owner, aRule('v*'))).status, 409);
    assert.equal((await ask('DELETE', `${rulesPath('rules')}/${id}`)).status, 200);
    assert.equal((await ask('DELETE', `${rulesPath('rules')}/${id}`)).status, 404);
    const rows = await registry.query(
      "select action from audit where action like '%immutable%' and outcome = 'success' and resource = 'rules' order by id",
    );
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['create-immutable-rule', 'update-immutable-rule', 'delete-immutable-rule'],
    );
  });

  test('name at least one tag pattern, and are fifteen at most', async () => {
    const refused = await ask('POST', rulesPath('rules'), owner, aRule('v*', { tag_selectors: [] }));
    assert.equal(refused.status, 400);
    assert.match(refused.text, /tag_selectors/);
    const ids: number[] = [];
    for (let at = 0; at < 15; at++) ids.push(await addRule('rules', aRule(`v${at}`)));
    const { status, text } = await ask('POST', rulesPath('rules'), owner, aRule('more'));
    assert.equal(status, 409);
    assert.match(text, /at most 15/);
    for (const id of ids) await ask('DELETE', `${rulesPath('rules')}/${id}`);
  });

  test('are those of its maintainers; of another project nobody learns', async () => {
    const id = await addRule('rules', aRule('mine'));
    const keeper = registry.basic('keeper');
    assert.equal((await ask('GET', rulesPath('rules'), keeper)).status, 200);
    assert.equal((await ask('POST', rulesPath('rules'), registry.basic('guest'), aRule('x'))).status, 403);
    const rival = registry.basic('rival');
    for (const [method, body] of [
      ['PUT', aRule('x')],
      ['DELETE', undefined],
    ] as const) {
      assert.equal((await ask(method, `${rulesPath('other')}/${id}`, rival, body)).status, 404, method);
      assert.equal((await ask(method, `${rulesPath('rules')}/${id}`, rival, body)).status, 404, method);
    }
    await ask('DELETE', `${rulesPath('rules')}/${id}`);
  });
});

describe('an immutable tag', async () => {
  const { digest, manifest } = await registry.pushImage('team/app', 'v1');
  await registry.pushImage('team/app', 'latest');
  const ruleId = await addRule('team', aRule('v*'));
  const artifact = `/projects/team/repositories/app/artifacts/${digest}`;

  test('does not move, and the answer says so in a way that clients print', async () => {
    const config = JSON.stringify({ other: true });
    await registry.pushBlob('team/app', config);
    const other = imageManifest(config, []);
    const refused = await registry.putManifest('team/app', 'v1', other);
    await assertAnswer(refused.clone(), 412, 'DENIED');
    assert.match(await refused.text(), /v1 configured as immutable, cannot be updated/);
    assert.equal(
      (await registry.fetch('/v2/team/app/manifests/v1', { as: registry.admin })).headers.get('docker-content-digest'),
      digest,
    );
    assert.equal((await registry.putManifest('team/app', 'latest', other)).status, 201, 'others do');
    assert.equal((await registry.putManifest('team/app', 'v2', other)).status, 201, 'and it is made');
    // By digest with more tags: all or nothing.
    const bearer = await registry.bearer(registry.admin, 'repository:team/app:pull,push');
    const many = await registry.fetch(`/v2/team/app/manifests/${digest}?tag=fresh&tag=v2`, {
      method: 'PUT',
      as: bearer,
      body: manifest,
      headers: { 'content-type': imageType },
    });
    await assertAnswer(many, 412, 'DENIED');
    assert.equal((await registry.fetch('/v2/team/app/manifests/fresh', { as: registry.admin })).status, 404);
  });

  test('takes the same manifest once more', async () => {
    assert.equal((await registry.putManifest('team/app', 'v1', manifest)).status, 201);
  });

  test('is not deleted: not by its name, not with its artifact, not with its repository', async () => {
    for (const reference of ['v1', digest]) {
      const refused = await removeTag('team/app', reference);
      await assertAnswer(refused.clone(), 412, 'DENIED');
      assert.match(await refused.text(), /v1 configured as immutable, cannot be deleted/);
    }
    for (const path of [artifact, `${artifact}/tags/v1`, '/projects/team/repositories/app']) {
      const { status, text } = await ask('DELETE', path);
      assert.equal(status, 412, path);
      assert.match(text, /PRECONDITION.*configured as immutable, cannot be deleted/);
    }
    assert.equal((await ask('DELETE', '/projects/team/repositories/app/artifacts/v9')).status, 404);
    assert.equal((await ask('DELETE', `${artifact}/tags/v9`)).status, 404);
    assert.equal((await removeTag('team/app', 'latest')).status, 202);
  });

  test('is not replaced by a copy', async () => {
    const from = await registry.pushImage('free/app', 'v1');
    const { status } = await ask('POST', `/projects/team/repositories/app/artifacts?from=free/app:v1`, registry.admin);
    assert.equal(status, 412);
    const found = await registry.fetch('/v2/team/app/manifests/v1', { as: registry.admin });
    assert.notEqual(found.headers.get('docker-content-digest'), from.digest);
  });

  test('is shown as immutable to those who ask for it', async () => {
    interface Shown {
      readonly tags: readonly { readonly name: string; readonly immutable: boolean }[];
    }
    const one = await ask<Shown>('GET', `${artifact}?with_immutable_status=true`);
    assert.deepEqual(
      one.json.tags.map(({ name, immutable }) => [name, immutable]),
      [['v1', true]],
    );
    assert.equal((await ask<Shown>('GET', artifact)).json.tags[0]?.immutable, false);
    const tags = await ask<Shown['tags']>('GET', `${artifact}/tags?with_immutable_status=true`);
    assert.equal(tags.json[0]?.immutable, true);
    const list = await ask<Shown[]>('GET', '/projects/team/artifacts?with_immutable_status=true');
    assert.ok(list.json.some((each) => each.tags?.some(({ name, immutable }) => name === 'v1' && immutable)));
  });

  test('lets signatures come and go', async () => {
    const tag = `sha256-${digest.slice('sha256:'.length)}.sig`;
    await addRule('team', aRule('**'));
    await registry.pushImage('team/app', tag);
    await registry.pushImage('team/app', tag);
    assert.equal((await removeTag('team/app', tag)).status, 202);
  });

  test('is free again when its rule is off', async () => {
    for (const { id, tag_selectors: tags } of (await ask<Rule[]>('GET', rulesPath('team'))).json) {
      await ask('PUT', `${rulesPath('team')}/${id}`, owner, aRule(tags[0]?.pattern ?? '', { disabled: true }));
    }
    assert.ok(ruleId > 0);
    assert.equal((await ask('DELETE', artifact)).status, 200);
  });
});

test('of many who push the same new immutable tag at once, one does', async () => {
  await addRule('race', aRule('**'));
  const images = await Promise.all(
    Array.from({ length: 8 }, async (_, at) => {
      const config = JSON.stringify({ at });
      await registry.pushBlob('race/app', config);
      return imageManifest(config, []);
    }),
  );
  const answers = await Promise.all(images.map((image) => registry.putManifest('race/app', 'v1', image)));
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [201, ...Array.from({ length: 7 }, () => 412)],
  );
});
