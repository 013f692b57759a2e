import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
await registry.addProject('open', true);
await registry.addProject('shut');
await registry.addUser('owner', { shut: 1 });
await registry.addUser('keeper', { shut: 4 });
await registry.addUser('guest', { shut: 3 });
await registry.addUser('stranger');
const [owner, keeper, guest, stranger] = ['owner', 'keeper', 'guest', 'stranger'].map((name) =>
  registry.basic(name),
) as [string, string, string, string];

interface Sent {
  readonly as?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function ask(method: string, path: string, { as, body, headers }: Sent = {}): Promise<Response> {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    ...(as === undefined ? {} : { as }),
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function read<T = Record<string, unknown>>(path: string, as?: string): Promise<T> {
  const response = await ask('GET', path, { as });
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

const namesOf = async (path: string, as?: string) =>
  (await read<{ name: string }[]>(path, as)).map(({ name }) => name).join(' ');

describe('the list of projects', () => {
  test('shows each what he may see', async () => {
    assert.equal(await namesOf('/projects'), 'library open');
    assert.equal(await namesOf('/projects', stranger), 'library open');
    assert.equal(await namesOf('/projects', guest), 'library open shut');
    assert.equal(await namesOf('/projects', registry.admin), 'library open shut');
    const bearer = await registry.bearer(registry.admin, 'repository:shut/app:pull');
    assert.equal(await namesOf('/projects', bearer), 'library open', 'a token of the data plane is nobody here');
  });

  test('takes Harbor’s parameters', async () => {
    assert.equal(await namesOf('/projects?name=HU', guest), 'shut');
    assert.equal(await namesOf('/projects?public=false', guest), 'shut');
    assert.equal(await namesOf('/projects?owner=admin&public=true', guest), 'library open');
    assert.equal(await namesOf('/projects?q=name%3D~o&sort=-name', guest), 'open');
    const page = await ask('GET', '/projects?page=1&page_size=1', { as: guest });
    assert.equal(page.headers.get('x-total-count'), '3');
    assert.match(page.headers.get('link') ?? '', /page=2.*rel="next"/);
    await assertAnswer(await ask('GET', '/projects?q=password%3D1', { as: guest }), 400, 'BAD_REQUEST');
    const [brief] = await read<Record<string, unknown>[]>('/projects?name=shut&with_detail=false', guest);
    assert.equal(brief?.['metadata'], undefined);
    assert.equal(brief?.['name'], 'shut');
  });
});

describe('a project', () => {
  test('is shown with Harbor’s fields, and with the role of who looks', async () => {
    const { project_id: id, ...shown } = await read('/projects/shut', keeper);
    assert.equal(typeof id, 'number');
    assert.deepEqual(
      [shown['owner_name'], shown['current_user_role_id'], shown['current_user_role_ids'], shown['togglable']],
      ['admin', 4, [4], false],
    );
    assert.deepEqual(shown['metadata'], { public: 'false' });
    assert.equal((await read(`/projects/${String(id)}`, owner))['togglable'], true);
    await assertAnswer(
      await ask('GET', `/projects/${String(id)}`, { as: owner, headers: { 'x-is-resource-name': 'true' } }),
      404,
      'NOT_FOUND',
    );
  });

  test('that may not be seen is not there', async () => {
    for (const path of ['', '/summary', '/_deletable', '/metadatas/', '/metadatas/public']) {
      const [foreign, missing] = [
        await ask('GET', `/projects/shut${path}`, { as: stranger }),
        await ask('GET', `/projects/none${path}`, { as: stranger }),
      ];
      assert.deepEqual([foreign.status, missing.status], [404, 404], path);
      assert.equal((await foreign.text()).replaceAll('shut', '…'), (await missing.text()).replaceAll('none', '…'));
    }
  });

  test('is made as Harbor makes it', async () => {
    const body = {
      project_name: 'made',
      metadata: { public: 'true', auto_scan: 'true', severity: 'high', prevent_vul: null },
      cve_allowlist: { items: [{ cve_id: 'CVE-2024-3094' }], expires_at: 2_000_000_000 },
      storage_limit: 0,
      registry_id: null,
    };
    const made = await ask('POST', '/projects', { as: stranger, body });
    assert.equal(made.status, 201);
    assert.match(made.headers.get('location') ?? '', /^\/api\/v2\.0\/projects\/\d+$/);
    const { metadata, owner_name: ownerName, cve_allowlist: list } = await read('/projects/made', stranger);
    assert.deepEqual(metadata, { public: 'true', auto_scan: 'true', severity: 'high' });
    assert.equal(ownerName, 'stranger');
    assert.deepEqual((list as { items: unknown[] }).items, [], 'the list of the registry holds');
    const own = { metadata: { reuse_sys_cve_allowlist: 'false' } };
    await assertAnswer(await ask('PUT', '/projects/made', { as: stranger, body: own }), 200);
    const { cve_allowlist: ownList } = await read('/projects/made', stranger);
    assert.deepEqual((ownList as { items: unknown[] }).items, [{ cve_id: 'CVE-2024-3094' }]);
    assert.equal((ownList as { expires_at: number }).expires_at, 2_000_000_000);
    await assertAnswer(await ask('POST', '/projects', { as: stranger, body }), 409, 'CONFLICT');
    const named = await ask('POST', '/projects', {
      as: stranger,
      body: { project_name: 'named' },
      headers: { 'x-resource-name-in-location': 'true' },
    });
    assert.equal(named.headers.get('location'), '/api/v2.0/projects/named');
  });

  test('is not made by nobody, nor with what is not there yet', async () => {
    const body = { project_name: 'other' };
    await assertAnswer(await ask('POST', '/projects', { body }), 401, 'UNAUTHORIZED');
    await assertAnswer(
      await ask('POST', '/projects', { as: stranger, body: { ...body, registry_id: 3 } }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(
      await ask('POST', '/projects', { as: registry.admin, body: { ...body, registry_id: 3 } }),
      501,
      'NOT_IMPLEMENTED',
    );
    await assertAnswer(
      await ask('POST', '/projects', { as: stranger, body: { project_name: 'No' } }),
      400,
      'BAD_REQUEST',
    );
    await assertAnswer(await ask('HEAD', '/projects?project_name=other', { as: registry.admin }), 404);
  });

  test('is made by administrators only where the settings say so, and by robots that may', async () => {
    const restrict = (to: string) =>
      ask('PUT', '/configurations', { as: registry.admin, body: { project_creation_restriction: to } });
    const make = (as: string, name: string) => ask('POST', '/projects', { as, body: { project_name: name } });
    const robot = async (name: string, action: string) => {
      const permissions = [{ kind: 'system', namespace: '/', access: [{ resource: 'project', action }] }];
      const body = { name, level: 'system', duration: -1, permissions };
      const made = (await (await ask('POST', '/robots', { as: registry.admin, body })).json()) as Record<
        string,
        string
      >;
      return registry.basic(made['name'] ?? '', made['secret']);
    };
    const [maker, reader] = [await robot('maker', 'create'), await robot('reader', 'list')];
    await assertAnswer(await restrict('adminonly'), 200);
    await assertAnswer(await make(stranger, 'by-stranger'), 403, 'FORBIDDEN');
    await assertAnswer(await make(registry.admin, 'by-admin'), 201);
    await assertAnswer(await restrict('everyone'), 200);
    await assertAnswer(await make(stranger, 'by-stranger'), 201);
    await assertAnswer(await make(reader, 'by-reader'), 403, 'FORBIDDEN');
    await assertAnswer(await make(maker, 'by-maker'), 201);
    assert.equal((await read('/projects/by-maker', registry.admin))['owner_name'], 'robot$maker');
  });

  test('is changed by its administrators only', async () => {
    const body = { metadata: { public: 'true', severity: 'low' }, storage_limit: 5, registry_id: 9 };
    for (const as of [keeper, guest])
      await assertAnswer(await ask('PUT', '/projects/shut', { as, body }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', '/projects/shut', { as: stranger, body }), 404, 'NOT_FOUND');
    assert.deepEqual((await read('/projects/shut', owner))['metadata'], { public: 'false' });
    await assertAnswer(await ask('PUT', '/projects/shut', { as: owner, body }), 200);
    assert.deepEqual((await read('/projects/shut', stranger))['metadata'], { public: 'true', severity: 'low' });
    await assertAnswer(await ask('PUT', '/projects/shut', { as: owner, body: { public: false } }), 200);
    await assertAnswer(await ask('GET', '/projects/shut', { as: stranger }), 404, 'NOT_FOUND');
    await assertAnswer(
      await ask('PUT', '/projects/shut', { as: owner, body: { project_name: 'else' } }),
      400,
      'BAD_REQUEST',
    );
  });

  test('tells what is in it, and of its people only to whom they are shown', async () => {
    const summary = await read('/projects/shut/summary', owner);
    assert.deepEqual(
      ['repo_count', 'project_admin_count', 'maintainer_count', 'guest_count'].map((name) => summary[name]),
      [0, 2, 1, 1],
    );
    assert.deepEqual(await read('/projects/open/summary', stranger), { repo_count: 0 });
  });

  test('tells what stands in the way of removing it', async () => {
    await registry.addProject('full');
    await registry.pushImage('full/app', 'v1');
    assert.deepEqual(await read('/projects/shut/_deletable', owner), { deletable: true });
    const told = await read('/projects/full/_deletable', registry.admin);
    assert.equal(told['deletable'], false);
    await assertAnswer(await ask('GET', '/projects/shut/_deletable', { as: keeper }), 403, 'FORBIDDEN');
  });

  test('made anew under an old name takes no old token (C3 41)', async () => {
    await registry.addProject('again');
    await registry.addUser('first', { again: 4 });
    const token = await registry.bearer(registry.basic('first'), 'repository:again/app:pull,push');
    const upload = () => registry.fetch('/v2/again/app/blobs/uploads/', { method: 'POST', as: token });
    assert.equal((await upload()).status, 202);
    await assertAnswer(await ask('DELETE', '/projects/again', { as: registry.admin }), 200);
    await registry.addProject('again');
    assert.equal((await upload()).status, 401);
  });
});

describe('the metadata of a project', () => {
  const path = '/projects/shut/metadatas/';

  test('is written by its administrators only (C2 18)', async () => {
    const before = await read(path, owner);
    for (const as of [keeper, guest]) {
      for (const body of [{ public: 'true' }, { auto_scan: 'true' }, { severity: 'critical' }]) {
        const [name] = Object.keys(body);
        await assertAnswer(await ask('POST', path, { as, body }), 403, 'FORBIDDEN');
        await assertAnswer(await ask('PUT', `${path}${name}`, { as, body }), 403, 'FORBIDDEN');
        await assertAnswer(await ask('DELETE', `${path}${name}`, { as }), 403, 'FORBIDDEN');
      }
    }
    assert.deepEqual(await read(path, owner), before);
  });

  test('is taken one entry at a time', async () => {
    const post = (body: unknown) => ask('POST', path, { as: owner, body });
    await assertAnswer(await post({}), 400, 'BAD_REQUEST');
    await assertAnswer(await post({ auto_scan: 'true', prevent_vul: 'true' }), 400, 'BAD_REQUEST');
    const wrong = await post({ colour: 'red' });
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /invalid key/);
    await assertAnswer(await post({ auto_scan: 'perhaps' }), 400, 'BAD_REQUEST');
    await assertAnswer(await post({ auto_scan: 'true' }), 200);
    await assertAnswer(await post({ auto_scan: 'true' }), 409, 'CONFLICT');
    assert.deepEqual(await read(`${path}auto_scan`, keeper), { auto_scan: 'true' });
    const put = (body: unknown) => ask('PUT', `${path}auto_scan`, { as: owner, body });
    await assertAnswer(await put({ prevent_vul: 'true' }), 400, 'BAD_REQUEST');
    await assertAnswer(await put({ auto_scan: 'false' }), 200);
    await assertAnswer(await ask('DELETE', `${path}auto_scan`, { as: owner }), 200);
    await assertAnswer(await ask('DELETE', `${path}auto_scan`, { as: owner }), 404, 'NOT_FOUND');
    await assertAnswer(await ask('GET', `${path}auto_scan`, { as: owner }), 404, 'NOT_FOUND');
    await assertAnswer(await ask('GET', `${path}toString`, { as: owner }), 404, 'NOT_FOUND');
  });
});

describe('the list of vulnerabilities that do not count in the registry', () => {
  const path = '/system/CVEAllowlist';

  test('is read by everybody with an account and written by administrators', async () => {
    const body = { items: [{ cve_id: 'CVE-2021-44228' }], expires_at: null };
    await assertAnswer(await ask('GET', path), 401, 'UNAUTHORIZED');
    await assertAnswer(await ask('PUT', path, { as: owner, body }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('PUT', path, { as: registry.admin, body }), 200);
    const list = await read(path, stranger);
    assert.deepEqual(
      [list['project_id'], list['items'], list['expires_at']],
      [0, [{ cve_id: 'CVE-2021-44228' }], null],
    );
    const twice = { items: [{ cve_id: 'CVE-1' }, { cve_id: 'CVE-1' }] };
    await assertAnswer(await ask('PUT', path, { as: registry.admin, body: twice }), 400, 'BAD_REQUEST');
  });
});
