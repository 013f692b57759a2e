import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRawConnection, statusesOf } from '#support/raw-socket';
import { basicAuthorization } from '#support/registry-client';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

async function say(
  lines: readonly string[],
  body = '',
  separator = '\r\n',
): Promise<{ statuses: number[]; closed: boolean }> {
  await using connection = await openRawConnection(registry.origin);
  const authorization = `Authorization: ${basicAuthorization(registry.admin)}`;
  const [first = '', ...rest] = lines;
  connection.write([first, authorization, ...rest].join(separator) + separator + separator + body);
  await connection.until(/\r\n\r\n/, 5_000);
  const closed = await connection.closed(2_000);
  return { statuses: statusesOf(connection.received), closed };
}

const host = 'Host: registry';
const smuggled = 'GET /v2/_catalog HTTP/1.1\r\nHost: registry\r\n\r\n';
const upload = (): string => `POST /v2/${registry.repository()}/blobs/uploads/ HTTP/1.1`;

const ambiguous: readonly { readonly name: string; readonly headers: readonly string[] }[] = [
  { name: 'a length and chunks', headers: [`Content-Length: ${smuggled.length + 5}`, 'Transfer-Encoding: chunked'] },
  { name: 'chunks and a length', headers: ['Transfer-Encoding: chunked', `Content-Length: ${smuggled.length + 5}`] },
  { name: 'two lengths', headers: ['Content-Length: 0', `Content-Length: ${smuggled.length}`] },
  { name: 'two lengths in one line', headers: [`Content-Length: 0, ${smuggled.length}`] },
  { name: 'a coding nobody knows', headers: ['Transfer-Encoding: xchunked'] },
  { name: 'chunked that is not last', headers: ['Transfer-Encoding: chunked, gzip'] },
  { name: 'a space before the colon', headers: ['Transfer-Encoding : chunked'] },
  { name: 'a negative length', headers: ['Content-Length: -5'] },
  { name: 'a length with a sign', headers: ['Content-Length: +5'] },
  { name: 'a length that is no number', headers: ['Content-Length: 5x'] },
  { name: 'a folded header', headers: ['X-Folded: a', ' b: c'] },
  { name: 'a NUL in a header', headers: ['X-Nul: a\0b'] },
  { name: 'a carriage return in a header', headers: ['X-Return: a\rb'] },
];

for (const { name, headers } of ambiguous) {
  test(`a request with ${name} is refused and the connection closed`, async () => {
    const { statuses, closed } = await say([upload(), host, ...headers], `0\r\n\r\n${smuggled}`);
    assert.deepEqual(statuses, [400]);
    assert.ok(closed);
  });
}

test('bare line feeds do not end a request', async () => {
  const { statuses } = await say(['GET /v2/ HTTP/1.1', host], '', '\n');
  assert.ok(statuses.length <= 1);
  if (statuses.length === 1) assert.equal(statuses[0], 400);
});

test('a request without a Host is refused', async () => {
  const { statuses } = await say(['GET /v2/ HTTP/1.1']);
  assert.deepEqual(statuses, [400]);
});

for (const [name, headers] of [
  ['64 KiB in one header', [`X-Long: ${'x'.repeat(65_536)}`]],
  ['64 KiB in many headers', Array.from({ length: 600 }, (_, index) => `X-Many-${index}: ${'x'.repeat(100)}`)],
] as const) {
  test(`${name} are refused with 431`, async () => {
    const { statuses, closed } = await say(['GET /v2/ HTTP/1.1', host, ...headers]);
    assert.deepEqual(statuses, [431]);
    assert.ok(closed);
  });
}

test('a token of 12 KiB fits into the headers', async () => {
  const answer = await registry.clientWith(`Bearer ${'x'.repeat(12_000)}`).send('GET', '/v2/');
  assert.equal(answer.status, 401);
});

test('an address of 100,000 letters is refused', async () => {
  const { statuses } = await say([`GET /v2/${'a'.repeat(100_000)}/tags/list HTTP/1.1`, host]);
  assert.ok(statuses[0] === 414 || statuses[0] === 431, `${statuses[0]}`);
});

test('methods nobody offers are refused, and the connection lives on', async () => {
  const { client } = registry;
  for (const method of ['TRACE', 'PROPFIND', 'LINK']) {
    const answer = await client.send(method, '/v2/');
    assert.ok([400, 404, 405, 501].includes(answer.status), `${method} answered ${answer.status}`);
  }
  for (const [method, path] of [
    ['PUT', '/v2/'],
    ['POST', '/v2/library/x/manifests/latest'],
    ['PATCH', '/v2/library/x/tags/list'],
    ['DELETE', '/v2/library/x/tags/list'],
    ['DELETE', '/v2/_catalog'],
  ] as const) {
    const answer = await client.send(method, path);
    assert.ok([404, 405].includes(answer.status), `${method} ${path} answered ${answer.status}: ${answer.text}`);
  }
});

test('several requests in one packet are answered in their order', async () => {
  await using connection = await openRawConnection(registry.origin);
  const head = `Host: registry\r\nAuthorization: ${basicAuthorization(registry.admin)}\r\n\r\n`;
  connection.write(
    `GET /v2/ HTTP/1.1\r\n${head}GET /v2/library/none/tags/list HTTP/1.1\r\n${head}GET /v2/ HTTP/1.1\r\n${head}`,
  );
  await connection.until(/(HTTP\/1\.1[^]*){3}\r\n\r\n/);
  assert.deepEqual(statusesOf(connection.received), [200, 404, 200]);
});

test('what is left of a refused body is not taken for a request', async () => {
  await using connection = await openRawConnection(registry.origin);
  const body = smuggled.repeat(50);
  connection.write(
    `PUT /v2/library/x/manifests/latest HTTP/1.1\r\nHost: registry\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await connection.until(/\r\n\r\n/);
  await connection.closed(500);
  assert.equal(statusesOf(connection.received).length, 1);
});

test('after all this the registry still answers', async () => {
  await registry.client.expect(200, 'GET', '/v2/');
});
