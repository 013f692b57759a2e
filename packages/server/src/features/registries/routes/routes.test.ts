import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { type Receiver, startReceiver } from '#testing/receiver';
import { useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry({ env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1' } });
await registry.addProject('team');
await registry.addUser('owner', { team: 1 });
const owner = registry.basic('owner');

const credentials = { type: 'basic', access_key: 'puller', access_secret: 's3cr3t-of-upstream' };
const basic = `Basic ${Buffer.from('puller:s3cr3t-of-upstream').toString('base64')}`;

/** A registry that wants a token of its own token server, or of the one that is named. */
async function startRemote(kind: 'open' | 'basic' | 'bearer', realm?: string): Promise<Receiver> {
  const remote = await startReceiver((request, response) => {
    const { authorization = '' } = request.headers;
    const challenge = (text: string) => response.writeHead(401, { 'www-authenticate': text }).end();
    if (request.url?.startsWith('/token') === true) {
      const known = authorization === basic || authorization === '';
      return known
        ? response.end(JSON.stringify({ token: authorization === '' ? 'anonymous' : 'granted' }))
        : response.writeHead(401).end();
    }
    if (request.url !== '/v2/') return response.writeHead(404).end();
    if (kind === 'basic' && authorization !== basic) return challenge('Basic realm="here"');
    if (kind === 'bearer' && !authorization.startsWith('Bearer ')) {
      return challenge(`Bearer realm="${realm ?? `${remote.url}/token`}",service="remote"`);
    }
    return response.end('{}');
  });
  after(() => remote[Symbol.asyncDispose]());
  return remote;
}

interface Sent {
  readonly as?: string;
  readonly body?: unknown;
}

function ask(method: string, path: string, { as = registry.admin, body }: Sent = {}): Promise<Response> {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    as,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
}

async function read<T = Record<string, unknown>>(path: string): Promise<T> {
  const response = await ask('GET', path);
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()) as T;
}

async function create(name: string, url: string, more: object = {}): Promise<number> {
  const body = { name, url, type: 'docker-registry', credential: credentials, insecure: false, ...more };
  const response = await ask('POST', '/registries', { body });
  assert.equal(response.status, 201, await response.clone().text());
  return Number(response.headers.get('location')?.replace('/api/v2.0/registries/', ''));
}

describe('another registry', () => {
  test('is connected, shown without its secret, changed and disconnected', async () => {
    const remote = await startRemote('basic');
    const id = await create('upstream', remote.url, { description: 'ours' });
    const shown = await read(`/registries/${id}`);
    assert.deepEqual(
      [shown['name'], shown['url'], shown['type'], shown['status'], shown['description'], shown['insecure']],
      ['upstream', remote.url, 'docker-registry', 'healthy', 'ours', false],
    );
    assert.deepEqual(shown['credential'], { type: 'basic', access_key: 'puller', access_secret: '*****' });
    await assertAnswer(await ask('PUT', `/registries/${id}`, { body: { name: 'renamed' } }), 200);
    const changed = await read(`/registries/${id}`);
    assert.deepEqual([changed['name'], changed['credential']], ['renamed', shown['credential']]);
    assert.equal((await read<unknown[]>('/registries?name=NAME')).length, 1);
    assert.equal((await read<unknown[]>('/registries?q=name%3Drenamed')).length, 1);
    await assertAnswer(await ask('GET', '/registries?q=access_secret%3D~s'), 400, 'BAD_REQUEST');
    const info = await read(`/registries/${id}/info`);
    assert.deepEqual(info['supported_triggers'], ['manual', 'scheduled', 'event_based']);
    await assertAnswer(await ask('DELETE', `/registries/${id}`), 200);
    await assertAnswer(await ask('GET', `/registries/${id}`), 404, 'NOT_FOUND');
    const rows = await registry.query(
      "select action, detail from audit where resource in ('upstream', 'renamed') and outcome = 'success' order by id",
    );
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['create-registry', 'update-registry', 'delete-registry'],
    );
  });

  test('keeps its secret over changes that do not name it, sealed, and for its own address alone', async () => {
    const [remote, other] = [await startRemote('basic'), await startRemote('basic')];
    const id = await create('kept', remote.url);
    for (const secret of [undefined, '', '*****', null]) {
      const body = { description: 'again', ...(secret === undefined ? {} : { access_secret: secret }) };
      await assertAnswer(await ask('PUT', `/registries/${id}`, { body }), 200);
      assert.equal(remote.received.at(-1)?.headers.authorization, basic);
    }
    await assertAnswer(await ask('PUT', `/registries/${id}`, { body: { url: other.url } }), 400, 'BAD_REQUEST');
    await assertAnswer(await ask('POST', '/registries/ping', { body: { id, url: other.url } }), 400, 'BAD_REQUEST');
    assert.equal(other.received.length, 0);
    const body = { url: other.url, access_secret: credentials.access_secret };
    await assertAnswer(await ask('PUT', `/registries/${id}`, { body }), 200);
    const kept = JSON.stringify([
      await registry.query('select * from registry'),
      await registry.query('select * from audit'),
    ]);
    assert.ok(!kept.includes('s3cr3t') && kept.includes('sealed:1:'));
    assert.ok(!registry.logs().includes('s3cr3t'));
  });

  test('is tried with the credentials it asks for', async () => {
    for (const kind of ['open', 'basic', 'bearer'] as const) {
      const remote = await startRemote(kind);
      const connection = { type: 'docker-registry', url: remote.url, credential_type: 'basic' };
      const given = { access_key: credentials.access_key, access_secret: credentials.access_secret };
      await assertAnswer(await ask('POST', '/registries/ping', { body: { ...connection, ...given } }), 200);
      const last = remote.received.at(-1)?.headers.authorization;
      assert.equal(last, { open: undefined, basic, bearer: 'Bearer granted' }[kind]);
    }
    const open = await startRemote('bearer');
    await assertAnswer(await ask('POST', '/registries/ping', { body: { type: 'harbor', url: open.url } }), 200);
    assert.equal(open.received.at(-1)?.headers.authorization, 'Bearer anonymous');
  });

  test('gets no credentials of ours sent to a token server of somebody else', async () => {
    const evil = await startReceiver((_request, response) => response.end('{"token":"caught"}'));
    after(() => evil[Symbol.asyncDispose]());
    const realm = `${evil.url.replace('127.0.0.1', '127.0.0.2')}/token`;
    const remote = await startRemote('bearer', realm);
    const body = {
      type: 'docker-registry',
      url: remote.url,
      access_key: 'puller',
      access_secret: 's3cr3t-of-upstream',
    };
    await assertAnswer(await ask('POST', '/registries/ping', { body }), 400, 'BAD_REQUEST');
    assert.equal(evil.received.length, 0);
    const redirecting = await startReceiver((_request, response) => {
      response.writeHead(302, { location: `${evil.url}/v2/` }).end();
    });
    after(() => redirecting[Symbol.asyncDispose]());
    await assertAnswer(
      await ask('POST', '/registries/ping', { body: { ...body, url: redirecting.url } }),
      400,
      'BAD_REQUEST',
    );
    assert.equal(evil.received.length, 0);
  });

  test('that does not work is told the same whatever is wrong, after the same time', async () => {
    const closed = await startReceiver();
    await closed[Symbol.asyncDispose]();
    const wrong = await startReceiver((_request, response) => response.writeHead(404).end());
    after(() => wrong[Symbol.asyncDispose]());
    const silent = await startReceiver(() => undefined);
    after(() => silent[Symbol.asyncDispose]());
    const refusing = await startRemote('basic');
    const answers = await Promise.all(
      [closed.url, wrong.url, silent.url, refusing.url, 'http://nobody.invalid'].map(async (url) => {
        const started = performance.now();
        const response = await ask('POST', '/registries/ping', { body: { type: 'docker-registry', url } });
        return { status: response.status, body: await response.text(), seconds: (performance.now() - started) / 1000 };
      }),
    );
    for (const { status, body, seconds } of answers) {
      assert.deepEqual([status, body], [answers[0]?.status, answers[0]?.body]);
      assert.ok(seconds >= 4.9 && seconds < 20, `${seconds} s`);
    }
    assert.equal(answers[0]?.status, 400);
    await assertAnswer(
      await ask('POST', '/registries', { body: { name: 'sick', url: wrong.url, type: 'docker-registry' } }),
      400,
      'BAD_REQUEST',
    );
    assert.deepEqual(await read('/registries?q=name%3Dsick'), []);
  });

  test('with a mistake is refused by the name of the field, before anything is asked', async () => {
    const remote = await startRemote('open');
    const good = { name: 'mistaken', url: remote.url, type: 'docker-registry' };
    const bad: readonly (readonly [object, RegExp])[] = [
      [{ url: 'http://169.254.169.254/' }, /body\.url/],
      [{ url: 'http://127.1:5000/' }, /body\.url/],
      [{ url: 'ftp://example.com' }, /body\.url/],
      [{ url: `${remote.url}/?a=b` }, /body\.url/],
      [{ type: 'floppy' }, /body\.type/],
      [{ name: '' }, /body\.name/],
      [{ ca_certificate: 'not pem' }, /ca_certificate/],
      [{ credential: { type: 'basic', access_key: 'a:b', access_secret: 'c' } }, /credential/],
    ];
    for (const [more, message] of bad) {
      const response = await ask('POST', '/registries', { body: { ...good, ...more } });
      const text = await response.text();
      assert.equal(response.status, 400, text);
      assert.match(text, message);
    }
    assert.equal(remote.received.length, 0);
    await create('mistaken', remote.url);
    await assertAnswer(await ask('POST', '/registries', { body: good }), 409, 'CONFLICT');
    await assertAnswer(await ask('PUT', '/registries/999999', { body: { name: 'x' } }), 404, 'NOT_FOUND');
    await assertAnswer(await ask('POST', '/registries/ping', { body: { id: 999_999 } }), 404, 'NOT_FOUND');
  });

  test('is no business of people without a role in the whole registry', async () => {
    const remote = await startRemote('open');
    const body = { name: 'theirs', url: remote.url, type: 'docker-registry' };
    for (const [method, path] of [
      ['GET', '/registries'],
      ['POST', '/registries'],
      ['POST', '/registries/ping'],
      ['GET', '/registries/1'],
      ['PUT', '/registries/1'],
      ['DELETE', '/registries/1'],
      ['GET', '/replication/adapters'],
    ] as const) {
      await assertAnswer(
        await ask(method, path, { as: owner, ...(method === 'GET' ? {} : { body }) }),
        403,
        'FORBIDDEN',
      );
    }
    assert.equal(remote.received.length, 0);
  });

  test('has a kind, in Harbor’s words', async () => {
    const kinds = await read<string[]>('/replication/adapters');
    for (const kind of ['harbor', 'docker-hub', 'docker-registry', 'github-ghcr']) assert.ok(kinds.includes(kind));
    const infos =
      await read<Record<string, { endpoint_pattern: { endpoints: unknown[] } }>>('/replication/adapterinfos');
    assert.deepEqual(infos['github-ghcr']?.endpoint_pattern.endpoints, [{ key: 'ghcr.io', value: 'https://ghcr.io' }]);
    assert.ok(Object.keys(infos).every((kind) => kinds.includes(kind)));
  });
});
