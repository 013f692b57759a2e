import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertAnswer } from '#testing/answers';
import { openRawConnection, statusesOf } from '#testing/raw-connection';
import { eventually } from '#testing/test-clock';
import { digestOf, imageManifest, imageType, useTestRegistry } from '#testing/test-registry';

const registry = await useTestRegistry();
const repository = 'library/app';
const base = `/v2/${repository}`;
const [config, layer] = ['{}', 'a layer'];
for (const blob of [config, layer]) await registry.pushBlob(repository, blob);
const good = JSON.parse(imageManifest(config, [layer])) as Record<string, unknown>;

const count = async (table: string) => Number((await registry.query(`select count(*) as n from ${table}`))[0]?.['n']);

/** Everything that a refused push might leave behind. */
async function leftovers(): Promise<Record<string, number>> {
  const files = await readdir(registry.data, { recursive: true, withFileTypes: true });
  const rows = await Promise.all(
    ['blob', 'repository_blob', 'manifest', 'manifest_content', 'tag', 'upload', 'manifest_blob'].map(
      async (table) => [table, await count(table)] as const,
    ),
  );
  return {
    ...Object.fromEntries(rows),
    files: files.filter((file) => file.isFile() && !file.name.startsWith('entrepot.db')).length,
  };
}

async function leavesNothing(work: () => Promise<void>): Promise<void> {
  const before = await leftovers();
  await work();
  assert.deepEqual(await leftovers(), before);
}

const put = (path: string, body: string | Uint8Array, contentType = imageType) =>
  registry.fetch(path, {
    method: 'PUT',
    as: registry.admin,
    body: typeof body === 'string' ? body : Buffer.from(body),
    headers: { 'content-type': contentType },
  });

describe('bytes that are not what they are said to be', () => {
  for (const way of ['one PUT', 'PATCH and PUT', 'one POST'] as const) {
    test(`are refused and leave nothing, by ${way}`, () =>
      leavesNothing(async () => {
        const wrong = digestOf('other bytes');
        let path = `${base}/blobs/uploads/?digest=${wrong}`;
        if (way !== 'one POST') {
          const location = await registry.startUpload(repository);
          if (way === 'PATCH and PUT') {
            const patch = { method: 'PATCH', as: registry.admin, body: 'bytes' };
            await assertAnswer(await registry.fetch(location, patch), 202);
          }
          path = `${location}?digest=${wrong}`;
        }
        const method = way === 'one POST' ? 'POST' : 'PUT';
        const init = { method, as: registry.admin, ...(way === 'PATCH and PUT' ? {} : { body: 'bytes' }) };
        await assertAnswer(await registry.fetch(path, init), 400, 'DIGEST_INVALID');
        if (way !== 'one POST') {
          await assertAnswer(
            await registry.fetch(path.split('?')[0] ?? '', { as: registry.admin }),
            404,
            'BLOB_UPLOAD_UNKNOWN',
          );
        }
        await assertAnswer(await registry.fetch(`${base}/blobs/${wrong}`, { as: registry.admin }), 404, 'BLOB_UNKNOWN');
      }));
  }

  test('are refused as a manifest pushed by another digest', () =>
    leavesNothing(async () => {
      const text = JSON.stringify(good);
      await assertAnswer(await put(`${base}/manifests/${digestOf('else')}`, text), 400, 'DIGEST_INVALID');
    }));
});

const hex = 'a'.repeat(64);
const noDigests = [
  `sha256:${hex.slice(1)}`,
  `sha256:${hex}a`,
  `sha256:${hex.toUpperCase()}`,
  `SHA256:${hex}`,
  `sha1:${'a'.repeat(40)}`,
  `md5:${'a'.repeat(32)}`,
  `sha512:${hex}`,
  'sha256:',
  ':',
  'sha256:%2e%2e',
  'sha256:%252e%252e',
  `sha256:${hex}%00`,
  `sha256:${hex}%0a`,
  `sha256:${hex.slice(2)}%2f..`,
  'sha256:baddigeststring',
  `sha256 ${hex}`,
];

describe('what is no digest', () => {
  for (const digest of noDigests) {
    test(`is refused everywhere (${digest.length > 40 ? `${digest.slice(0, 20)}… ${digest.length}` : digest})`, () =>
      leavesNothing(async () => {
        const location = await registry.startUpload(repository);
        const query = encodeURIComponent(decodeURIComponent(digest));
        const answers: Response[] = [
          await registry.fetch(`${location}?digest=${query}`, { method: 'PUT', as: registry.admin, body: 'x' }),
          await registry.fetch(`${base}/blobs/uploads/?digest=${query}`, {
            method: 'POST',
            as: registry.admin,
            body: 'x',
          }),
          await registry.fetch(`${base}/blobs/${digest}`, { as: registry.admin }),
          await registry.fetch(`${base}/manifests/${digest}`, { as: registry.admin }),
          await put(`${base}/manifests/${digest}`, JSON.stringify(good)),
          await registry.fetch(`${base}/referrers/${digest}`, { as: registry.admin }),
        ];
        for (const answer of answers) {
          assert.ok(answer.status === 400 || answer.status === 404, `${answer.url}: ${answer.status}`);
        }
        assert.equal(answers[0]?.status, 400);
        assert.equal(answers[1]?.status, 400);
        await assertAnswer(await registry.fetch(location, { method: 'DELETE', as: registry.admin }), 204);
      }));
  }
});

const manifestWith = (changes: object) => JSON.stringify({ ...good, ...changes });
const descriptor = (size: unknown) =>
  `{"mediaType":"application/x","digest":"${digestOf(config)}","size":${size as string}}`;
const withConfig = (text: string) => `{"schemaVersion":2,"mediaType":"${imageType}","config":${text},"layers":[]}`;

const noManifests: readonly (readonly [string, string | Uint8Array, string?])[] = [
  [
    'a body that says it is an image under the type of an index',
    JSON.stringify(good),
    'application/vnd.oci.image.index.v1+json',
  ],
  ['config twice', `{"schemaVersion":2,"config":${descriptor(2)},"config":${descriptor(2)},"layers":[]}`],
  [
    'config twice in other letters',
    `{"schemaVersion":2,"config":${descriptor(2)},"CONFIG":${descriptor(2)},"layers":[]}`,
  ],
  ['a byte order mark', `\ufeff${JSON.stringify(good)}`],
  ['something after it', `${JSON.stringify(good)}{}`],
  ['NaN as a size', withConfig(descriptor('NaN'))],
  ['a size beyond all numbers', withConfig(descriptor('1e400'))],
  ['a size beyond exact numbers', withConfig(descriptor('9007199254740993'))],
  ['a negative size', withConfig(descriptor(-1))],
  ['a size in quotes', withConfig(descriptor('"2"'))],
  ['a size that is not the one of the blob', withConfig(descriptor(3))],
  ['no config', manifestWith({ config: undefined })],
  ['both the parts of an image and of an index', manifestWith({ manifests: [] })],
  ['a prototype', `{"schemaVersion":2,"__proto__":{"config":{}},"config":${descriptor(2)},"layers":[]}`],
  ['letters that are no UTF-8', Buffer.concat([Buffer.from(JSON.stringify(good).slice(0, -1)), Buffer.of(0xff, 0x7d)])],
  ['a thousand brackets', '['.repeat(1000) + ']'.repeat(1000)],
  ['nothing', ''],
  ['the type of a web page', manifestWith({ mediaType: 'text/html' }), 'text/html'],
  ['the type of a picture that can hold a script', manifestWith({ mediaType: 'image/svg+xml' }), 'image/svg+xml'],
  ['a type with a line break', manifestWith({ mediaType: 'application/a\r\nx-evil: 1' }), ''],
  ['a type with a snowman', manifestWith({ mediaType: 'application/☃' }), ''],
  ['a type of a thousand letters', manifestWith({ mediaType: `application/${'x'.repeat(1000)}` }), ''],
];

describe('a manifest is refused and leaves nothing with', () => {
  for (const [name, text, type] of noManifests) {
    test(name, () =>
      leavesNothing(async () => {
        const init = {
          method: 'PUT',
          as: registry.admin,
          body: Buffer.from(text),
          headers: type === '' ? {} : { 'content-type': type ?? imageType },
        };
        const response = await registry.fetch(`${base}/manifests/refused`, init);
        await assertAnswer(response, 400, 'MANIFEST_INVALID');
      }),
    );
  }

  test('more than 4 MiB, announced or not, and is not read to its end', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024 + 1);
    await leavesNothing(async () => {
      await assertAnswer(await put(`${base}/manifests/large`, large), 413, 'SIZE_INVALID');
    });
    using connection = await openRawConnection(registry.url);
    connection.write(
      `PUT ${base}/manifests/large HTTP/1.1\r\nHost: x\r\nAuthorization: ${registry.admin}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    let sent = 0;
    for (; sent < 200 && statusesOf(connection.received()).length === 0; sent++) {
      connection.write(chunk);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await connection.until(/\r\n\r\n/, 3000);
    assert.deepEqual(statusesOf(connection.received()), [413]);
    assert.ok(await connection.closed(4000));
    assert.ok(sent < 200, 'it was answered before the end');
  });
});

test('what is refused never takes the place of what is there', async () => {
  await registry.pushImage('library/kept', 'v1');
  const before = await (await registry.fetch('/v2/library/kept/manifests/v1')).text();
  for (const [, text, type] of noManifests) {
    const body = Buffer.from(text);
    await registry.fetch('/v2/library/kept/manifests/v1', {
      method: 'PUT',
      as: registry.admin,
      body,
      headers: { 'content-type': type === '' || type === undefined ? imageType : type },
    });
  }
  assert.equal(await (await registry.fetch('/v2/library/kept/manifests/v1')).text(), before);
});

for (const tag of [
  '..',
  '.',
  '-a',
  '.a',
  'a%2fb',
  'x'.repeat(129),
  'a%0ab',
  'a%00',
  '%C3%BC',
  'a b',
  'a%20b',
  '*',
  '%252e',
]) {
  test(`no tag is called ${tag.slice(0, 12)}`, async () => {
    const response = await put(`${base}/manifests/${tag}`, JSON.stringify(good));
    assert.ok([400, 404, 405].includes(response.status), String(response.status));
    const rows = await registry.query('select name from tag');
    assert.ok(rows.every((row) => /^[\w][\w.-]{0,127}$/.test(String(row['name']))));
  });
}

describe('a chunk that does not belong at the end', () => {
  for (const range of [
    '6-9',
    '0-3',
    '4-7',
    '7-6',
    '5-',
    '-5',
    'bytes 5-9',
    '5-9223372036854775808',
    'x',
    '5-9/10',
    '05-09 ',
  ]) {
    test(`moves nothing (${range})`, async () => {
      const location = await registry.startUpload(repository);
      await registry.fetch(location, { method: 'PATCH', as: registry.admin, body: '01234' });
      const headers = { 'content-range': range };
      const patch = await registry.fetch(location, { method: 'PATCH', as: registry.admin, body: 'xxxx', headers });
      assert.ok(patch.status === 416 || patch.status === 400, `${patch.status}`);
      const status = await registry.fetch(location, { as: registry.admin });
      assert.equal(status.headers.get('range'), '0-4');
      const digest = digestOf('0123456789');
      const rest = { method: 'PUT', as: registry.admin, body: '56789', headers: { 'content-range': '5-9' } };
      await assertAnswer(await registry.fetch(`${location}?digest=${digest}`, rest), 201);
      assert.equal(
        await (await registry.fetch(`${base}/blobs/${digest}`, { as: registry.admin })).text(),
        '0123456789',
      );
    });
  }
});

test('an upload finished twice gives one blob', async () => {
  const location = await registry.startUpload(repository);
  const digest = digestOf('twice');
  const finish = () =>
    registry.fetch(`${location}?digest=${digest}`, { method: 'PUT', as: registry.admin, body: 'twice' });
  const [first, second] = [await finish(), await finish()];
  assert.deepEqual([first.status, second.status], [201, 404]);
  const rows = await registry.query(`select id from blob where digest = '${digest}'`);
  assert.equal(rows.length, 1);
});

for (const how of ['ends', 'breaks'] as const) {
  test(`an upload whose connection ${how} in the middle keeps what arrived and makes no blob`, async () => {
    const location = await registry.startUpload(repository);
    const blobs = await count('blob');
    {
      using connection = await openRawConnection(registry.url);
      connection.write(
        `PATCH ${location} HTTP/1.1\r\nHost: x\r\nAuthorization: ${registry.admin}\r\nContent-Length: 100\r\n\r\n0123456789`,
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      if (how === 'ends') connection.socket.end();
      else connection.socket.resetAndDestroy();
    }
    const range = await eventually(async () => {
      const status = await registry.fetch(location, { as: registry.admin });
      const told = status.headers.get('range');
      return status.status === 204 && told !== '0-0' ? told : undefined;
    });
    assert.equal(range, '0-9');
    assert.equal(await count('blob'), blobs);
  });
}

describe('a request that two readers could understand in two ways is refused and the connection closed', () => {
  const smuggled = 'GET /v2/_catalog HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const [name, headers] of [
    ['a length and chunks', 'Content-Length: 5\r\nTransfer-Encoding: chunked'],
    ['two lengths', `Content-Length: 5\r\nContent-Length: ${smuggled.length}`],
    ['a coding nobody knows', 'Transfer-Encoding: xchunked'],
    ['chunked twice', 'Transfer-Encoding: chunked, chunked'],
    ['a length in hexadecimal', 'Content-Length: 0x5'],
    ['a space before the colon', 'Content-Length : 5'],
  ] as const) {
    for (const path of [`${base}/blobs/uploads/`, '/api/v2.0/projects', '/service/token']) {
      test(`${name} (${path})`, async () => {
        using connection = await openRawConnection(registry.url);
        connection.write(`POST ${path} HTTP/1.1\r\nHost: x\r\n${headers}\r\n\r\n0\r\n\r\n${smuggled}`);
        assert.ok(await connection.closed(4000), 'closed');
        const statuses = statusesOf(connection.received());
        assert.ok(statuses.length > 0 && statuses.every((status) => status === 400), statuses.join(' '));
      });
    }
  }

  test('bare line feeds', async () => {
    using connection = await openRawConnection(registry.url);
    connection.write(`GET /v2/ HTTP/1.1\nHost: x\n\n${smuggled}`);
    await connection.closed(3000);
    assert.deepEqual(statusesOf(connection.received()), [400]);
  });
});

test('blobs and manifests are never taken for a page', async () => {
  const digest = await registry.pushBlob(repository, '<html><script>alert(1)</script></html>');
  const image = await registry.pushImage(repository, 'page', {
    fields: { annotations: { a: '<script>alert(1)</script>' } },
  });
  for (const path of [`blobs/${digest}`, `manifests/page`, `manifests/${image.digest}`]) {
    const response = await registry.fetch(`${base}/${path}`);
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff', path);
    assert.match(response.headers.get('content-type') ?? '', /^application\//, path);
  }

  test('that is refused early may be sent to its end, which reads the answer and is served nothing after it', async () => {
    const before = await count('upload');
    const socket = connect({ port: Number(new URL(registry.url).port), host: '127.0.0.1', allowHalfOpen: true });
    const faults: Error[] = [];
    let received = '';
    let ended = false;
    socket.on('error', (error) => faults.push(error));
    socket.on('data', (bytes) => (received += bytes.toString('latin1')));
    socket.on('end', () => (ended = true));
    socket.write(
      `PUT ${base}/manifests/large HTTP/1.1\r\nHost: x\r\nAuthorization: Basic bm9ib2R5Om5v\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let sent = 0; sent < 40; sent += 1) {
      socket.write(`400\r\n${'x'.repeat(0x400)}\r\n`);
      await sleep(10);
    }
    assert.ok(ended, 'the server said that nothing comes after its answer');
    socket.write(
      `0\r\n\r\nPOST ${base}/blobs/uploads/ HTTP/1.1\r\nHost: x\r\nAuthorization: ${registry.admin}\r\nContent-Length: 0\r\n\r\n`,
    );
    const closed = once(socket, 'close');
    socket.end();
    await closed;
    assert.deepEqual(faults, []);
    assert.deepEqual(statusesOf(received), [401]);
    assert.equal(await count('upload'), before);
  });
});
