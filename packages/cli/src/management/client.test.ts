import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { listProjectAudit } from '@entrepot/contract/entrepot/audit';
import { createProject } from '@entrepot/contract/harbor/project';
import { exitCodeOf } from '#src/failures/exit-code';
import type { RegistryAccess } from '#src/registries/registry-access';
import { createTestContext } from '#testing/run-cli';
import { openManagement, targetOf } from './client.ts';
import { listAll } from './list-all.ts';

interface Asked {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

type Answer = (asked: Asked, response: ServerResponse) => void;

/** A server of a few lines, and a client of it that says who it is. */
async function open(answer: Answer, credentials: NonNullable<RegistryAccess['named']>['credentials'] | undefined) {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    void Array.fromAsync(request as AsyncIterable<Buffer>).then((chunks) => {
      const { method, url, headers } = request;
      const one = { method, url, authorization: headers.authorization, body: Buffer.concat(chunks).toString() };
      asked.push(one);
      answer(one, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const access: RegistryAccess = {
    plainHttp: true,
    insecure: false,
    ca: undefined,
    authfile: undefined,
    named: credentials && { registry, credentials },
  };
  const client = await openManagement(registry, access, createTestContext().context);
  return {
    client,
    asked,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const ana = { kind: 'password', username: 'ana', password: 'secret' } as const;

test('a call says at once who asks, and gives the answer typed', async () => {
  await using bench = await open((_asked, response) => response.end('[{"id":1}]'), ana);
  const { body } = await bench.client.call(listProjectAudit, {
    params: { project_name: 'a b/c' },
    query: { q: 'x=y&z' },
  });
  assert.deepEqual(body, [{ id: 1 }]);
  assert.deepEqual(bench.asked, [
    {
      method: 'GET',
      url: '/api/entrepot/v1/projects/a%20b%2Fc/audit?q=x%3Dy%26z',
      authorization: `Basic ${Buffer.from('ana:secret').toString('base64')}`,
      body: '',
    },
  ]);
});

test('a body goes as JSON, and an answer without one has none', async () => {
  await using bench = await open((_asked, response) => {
    response.writeHead(201, { location: '/api/v2.0/things/7' }).end();
  }, ana);
  const answer = await bench.client.call(createProject, { body: { project_name: 'x' } });
  assert.equal(answer.header('location'), '/api/v2.0/things/7');
  assert.equal(bench.asked[0]?.body, '{"project_name":"x"}');
});

test('a change is not repeated when its answer was lost', async () => {
  await using bench = await open((_asked, response) => response.destroy(), ana);
  await assert.rejects(bench.client.call(createProject, { body: { project_name: 'x' } }));
  assert.equal(bench.asked.length, 1);
});

for (const [status, code] of [
  [401, 4],
  [403, 4],
  [404, 3],
  [409, 8],
  [412, 8],
  [400, 1],
  [422, 1],
] as const) {
  test(`an answer of ${status} ends with the exit code ${code} and what it says`, async () => {
    await using bench = await open((_asked, response) => {
      response.writeHead(status).end('{"errors":[{"code":"WRONG","message":"it is wrong"}]}');
    }, ana);
    await assert.rejects(bench.client.call(createProject, { body: { project_name: 'x' } }), (error) => {
      assert.equal(exitCodeOf(error), code);
      assert.match(String(error), /WRONG: it is wrong/);
      return true;
    });
  });
}

test('what is no JSON is told as such', async () => {
  await using bench = await open((_asked, response) => response.end('<html>'), ana);
  await assert.rejects(
    bench.client.call(listProjectAudit, { params: { project_name: 'a' } }),
    /not answered with JSON/,
  );
});

test('a token for pulling is not sent', async () => {
  await using bench = await open((_asked, response) => response.end('[]'), { kind: 'identity-token', token: 'x' });
  await assert.rejects(bench.client.call(listProjectAudit, { params: { project_name: 'a' } }), (error) => {
    assert.equal(exitCodeOf(error), 4);
    return true;
  });
  assert.equal(bench.asked.length, 0);
});

for (const [limit, pages, given] of [
  [Number.POSITIVE_INFINITY, 3, 250],
  [100, 1, 100],
  [120, 2, 120],
  [7, 1, 7],
] as const) {
  test(`a list is read over its pages, ${limit} entries at most`, async () => {
    await using bench = await open((asked, response) => {
      const query = new URL(asked.url ?? '', 'http://x').searchParams;
      const [page, size] = [Number(query.get('page')), Number(query.get('page_size'))];
      const left = Math.max(0, Math.min(size, 250 - (page - 1) * size));
      const entries = Array.from({ length: left }, (_, at) => ({ id: (page - 1) * size + at }));
      response.writeHead(200, { 'x-total-count': '250' }).end(JSON.stringify(entries));
    }, ana);
    const found = await Array.fromAsync(
      listAll(bench.client, listProjectAudit, { params: { project_name: 'a' } }, limit),
    );
    assert.deepEqual(
      found.map(({ id }) => id),
      Array.from({ length: given }, (_, at) => at),
    );
    assert.equal(bench.asked.length, pages);
  });
}

test('the slashes of a repository are encoded twice', () => {
  const path = '/api/v2.0/projects/{project_name}/repositories/{repository_name}';
  const params = { project_name: 'team', repository_name: 'a/b' };
  assert.equal(targetOf({ path }, { params }), '/api/v2.0/projects/team/repositories/a%252Fb');
  assert.throws(() => targetOf({ path }, { params: { project_name: 'team' } }), /no value for repository_name/);
});
