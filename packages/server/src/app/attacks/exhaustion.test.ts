import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { startFakeS3 } from '#testing/fake-s3';
import { openRawConnection, type RawConnection, statusesOf } from '#testing/raw-connection';
import { createTestClock, eventually } from '#testing/test-clock';
import { digestOf, startTestRegistry, useTestRegistry } from '#testing/test-registry';

const impatient = {
  ENTREPOT_LIMITS_HEADERS_TIMEOUT: '1s',
  ENTREPOT_LIMITS_BODY_IDLE_TIMEOUT: '1s',
  ENTREPOT_LIMITS_RESPONSE_IDLE_TIMEOUT: '1s',
  ENTREPOT_LIMITS_KEEP_ALIVE_TIMEOUT: '1s',
};
const registry = await useTestRegistry({ env: impatient });
await registry.pushImage('library/app', 'v1');
const large = Buffer.alloc(2 * 1024 * 1024, 'x');
const largeDigest = await registry.pushBlob('library/app', large);
const hugeDigest = await registry.pushBlob('library/app', Buffer.alloc(5 * 1024 * 1024, 'y'));

const head = (method: string, path: string, ...headers: readonly string[]) =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', ...headers, '', ''].join('\r\n');

/** How long a healthy client waits while something else goes on. */
async function healthyPull(): Promise<void> {
  await assertAnswer(await registry.fetch('/v2/library/app/manifests/v1'), 200);
}

describe('a list', () => {
  for (const path of ['/v2/_catalog', '/v2/library/app/tags/list', `/v2/library/app/referrers/${digestOf('x')}`]) {
    for (const n of [
      '2147483647',
      '-1',
      'abc',
      '1e9',
      '0',
      '99999999999999999999',
      '9007199254740993',
      '0x10',
      '',
      ' 1',
      '1.5',
    ]) {
      test(`of n=${JSON.stringify(n)} entries is bounded or refused (${path.split('/').at(-2)})`, async () => {
        const response = await registry.fetch(`${path}?n=${encodeURIComponent(n)}`, { as: registry.admin });
        assert.ok(response.status === 200 || response.status === 400, `${response.status}`);
        const link = response.headers.get('link');
        const limit = /[?&]n=(\d+)/.exec(link ?? '')?.[1];
        assert.ok(limit === undefined || Number(limit) <= 10_000);
      });
    }
  }
});

/** Opens connections that do something slow and answers with how many the server closed in time. */
async function countClosed(count: number, ms: number, slow: (connection: RawConnection) => Promise<void> | void) {
  const connections = await Promise.all(Array.from({ length: count }, () => openRawConnection(registry.url)));
  try {
    const outcomes = connections.map(async (connection) => {
      const feeding = slow(connection);
      const closed = await connection.closed(ms);
      await feeding;
      return closed;
    });
    await healthyPull();
    return (await Promise.all(outcomes)).filter(Boolean).length;
  } finally {
    for (const connection of connections) connection[Symbol.dispose]();
  }
}

describe('a connection that holds on without need is closed, and others are served meanwhile:', {
  concurrency: true,
}, () => {
  test('one that sends its headers letter by letter', async () => {
    const closed = await countClosed(100, 9000, async (connection) => {
      for (const letter of 'GET /v2/ HTTP/1.1\r\nHost: x\r\nX-Slow: aaaaaaaaaaaaaaaaaaa') {
        if (connection.socket.destroyed || connection.socket.readableEnded) return;
        connection.write(letter);
        await sleep(200);
      }
    });
    assert.equal(closed, 100);
  });

  test('one that sends nothing', async () => {
    assert.equal(await countClosed(20, 9000, () => undefined), 20);
  });

  test('one that has sent a request and sends no other', async () => {
    const closed = await countClosed(20, 9000, (connection) => connection.write(head('GET', '/v2/')));
    assert.equal(closed, 20);
  });

  for (const [name, path] of [
    ['a blob', `/v2/library/app/blobs/${hugeDigest}`],
    ['a small blob', `/v2/library/app/blobs/${largeDigest}`],
    ['a part of a blob', `/v2/library/app/blobs/${hugeDigest}`],
  ] as const) {
    test(`one that has pulled ${name} and asks for nothing more`, async () => {
      const range = name.startsWith('a part') ? ['Range: bytes=5-10,20-30'] : [];
      assert.equal(await countClosed(5, 9000, (connection) => connection.write(head('GET', path, ...range))), 5);
    });
  }

  for (const [name, request] of [
    [
      'an upload',
      () =>
        head(
          'POST',
          '/v2/library/app/blobs/uploads/?digest=' + largeDigest,
          `Authorization: ${registry.admin}`,
          'Content-Length: 100',
        ),
    ],
    [
      'a manifest',
      () => head('PUT', '/v2/library/app/manifests/v1', `Authorization: ${registry.admin}`, 'Content-Length: 100'),
    ],
    ['an upload one may not make', () => head('POST', '/v2/library/app/blobs/uploads/', 'Content-Length: 100')],
    ['a form for a token', () => head('POST', '/service/token', 'Content-Length: 100')],
    [
      'a project',
      () =>
        head(
          'POST',
          '/api/v2.0/projects',
          `Authorization: ${registry.admin}`,
          'Content-Type: application/json',
          'Content-Length: 100',
        ),
    ],
    [
      'a project, by nobody',
      () => head('POST', '/api/v2.0/projects', 'Content-Type: application/json', 'Content-Length: 100'),
    ],
    ['nothing that exists', () => head('POST', '/nowhere', 'Content-Type: application/json', 'Content-Length: 100')],
    ['a body where none belongs', () => head('GET', '/v2/', 'Content-Length: 100')],
    [
      'chunks that never end',
      () => head('POST', '/api/v2.0/projects', 'Content-Type: application/json', 'Transfer-Encoding: chunked'),
    ],
  ] as const) {
    test(`one that falls silent in the body of ${name}`, async () => {
      const closed = await countClosed(3, 9000, (connection) => connection.write(`${request()}0123456789`));
      assert.equal(closed, 3);
    });
  }

  for (const [name, path] of [
    ['a blob that is kept in memory', `/v2/library/app/blobs/${largeDigest}`],
    ['a blob', `/v2/library/app/blobs/${hugeDigest}`],
  ] as const) {
    for (const pipelined of [0, 20]) {
      test(`one that asks for ${name} and reads nothing, after ${pipelined} other requests`, async () => {
        using connection = await openRawConnection(registry.url);
        connection.socket.pause();
        connection.write(head('GET', '/healthz').repeat(pipelined));
        // Enough of them that the kernel's own buffers do not hold all.
        connection.write(head('GET', path).repeat(10));
        const port = connection.socket.localPort ?? 0;
        const gone = eventually(async () => ((await isHeld(port)) ? undefined : true), 9000);
        assert.equal(await gone.catch(() => false), true, 'the server let go of it');
      });
    }
  }
});

/** Whether the server still holds its end of a connection from this port. */
async function isHeld(port: number): Promise<boolean> {
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(4, '0');
  const established = `:${hex(Number(new URL(registry.url).port))} [0-9A-F]+:${hex(port)} 01 `;
  return new RegExp(established).test(await readFile('/proc/net/tcp', 'utf8'));
}

test('an upload that falls silent can be continued where it stopped', async () => {
  const location = await registry.startUpload('library/app');
  using connection = await openRawConnection(registry.url);
  connection.write(`${head('PATCH', location, `Authorization: ${registry.admin}`, 'Content-Length: 100')}0123456789`);
  await connection.until(/\r\n\r\n/, 5000);
  assert.deepEqual(statusesOf(connection.received()), [408]);
  const status = await eventually(async () => {
    const response = await registry.fetch(location, { as: registry.admin });
    return response.headers.get('range') === '0-9' ? response.status : undefined;
  });
  assert.equal(status, 204);
  const digest = digestOf('0123456789abc');
  const init = { method: 'PUT', as: registry.admin, body: 'abc', headers: { 'content-range': '10-12' } };
  await assertAnswer(await registry.fetch(`${location}?digest=${digest}`, init), 201);
});

describe('open uploads', () => {
  test('of one account are bounded, and those of another are not its concern', async () => {
    await using bounded = await startTestRegistry({ env: { ENTREPOT_UPLOADS_MAX_OPEN_PER_USER: '3' } });
    await bounded.addProject('team');
    await bounded.addUser('anna', { team: 2 });
    const anna = bounded.basic('anna');
    const begin = (as: string) => bounded.fetch('/v2/team/app/blobs/uploads/', { method: 'POST', as });
    const locations: string[] = [];
    for (let at = 0; at < 3; at++) locations.push((await begin(anna)).headers.get('location') ?? '');
    const refused = await begin(anna);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    await assertAnswer(refused, 429, 'TOOMANYREQUESTS');
    await assertAnswer(await begin(bounded.admin), 202);
    await assertAnswer(await bounded.fetch(locations[0] ?? '', { method: 'DELETE', as: anna }), 204);
    await assertAnswer(await begin(anna), 202);
    await assertAnswer(await begin(anna), 429, 'TOOMANYREQUESTS');
    const rows = await bounded.query('select id from upload');
    assert.equal(rows.length, 4);
  });

  test('of all accounts together are bounded', async () => {
    const env = { ENTREPOT_UPLOADS_MAX_OPEN_PER_USER: '2', ENTREPOT_UPLOADS_MAX_OPEN_TOTAL: '3' };
    await using bounded = await startTestRegistry({ env });
    await bounded.addUser('anna', { library: 2 });
    const begin = (as: string) => bounded.fetch('/v2/library/app/blobs/uploads/', { method: 'POST', as });
    const [admin, anna] = [bounded.admin, bounded.basic('anna')];
    const statuses: number[] = [];
    for (const as of [admin, anna, admin, anna]) statuses.push((await begin(as)).status);
    assert.deepEqual(statuses.slice(0, 3), [202, 202, 202]);
    assert.ok(statuses[3] === 429 || statuses[3] === 503, `${statuses[3]}`);
  });

  test('are bounded also when many are begun at once', async () => {
    await using bounded = await startTestRegistry({ env: { ENTREPOT_UPLOADS_MAX_OPEN_PER_USER: '5' } });
    const begin = () => bounded.fetch('/v2/library/app/blobs/uploads/', { method: 'POST', as: bounded.admin });
    const statuses = (await Promise.all(Array.from({ length: 30 }, begin))).map(({ status }) => status);
    assert.equal(statuses.filter((status) => status === 202).length, 5);
    assert.equal(statuses.filter((status) => status === 429).length, 25);
  });

  test('that nobody continues are removed with their bytes, and those that move are not', async () => {
    const time = createTestClock();
    await using aging = await startTestRegistry({ clock: time.clock });
    const patch = (location: string) => aging.fetch(location, { method: 'PATCH', as: aging.admin, body: 'bytes' });
    const [abandoned, alive] = [await aging.startUpload('library/app'), await aging.startUpload('library/app')];
    await patch(abandoned);
    await patch(alive);
    const day = 24 * 3600 * 1000;
    time.advance(5 * day);
    await patch(alive);
    time.advance(3 * day);
    assert.equal(await aging.registry.uploads.purge(7 * day), 1);
    await assertAnswer(await aging.fetch(abandoned, { as: aging.admin }), 404, 'BLOB_UPLOAD_UNKNOWN');
    assert.equal((await aging.fetch(alive, { as: aging.admin })).status, 204);
    const names = await readdir(aging.data, { recursive: true });
    assert.ok(!names.some((name) => name.includes(abandoned.split('/').at(-1) ?? '')), 'no byte is left');
  });

  test('go with their project, bytes and all', async () => {
    await using place = await startTestRegistry();
    await place.addProject('doomed');
    const location = await place.startUpload('doomed/app');
    await place.fetch(location, { method: 'PATCH', as: place.admin, body: 'x'.repeat(100_000) });
    await assertAnswer(await place.fetch('/api/v2.0/projects/doomed', { method: 'DELETE', as: place.admin }), 200);
    await eventually(async () => {
      const names = await readdir(place.data, { recursive: true });
      return names.some((name) => name.includes(location.split('/').at(-1) ?? '')) ? undefined : true;
    });
    assert.deepEqual(await place.query('select * from abandoned_stage'), []);
  });

  test('that a client still feeds go with their project once it has ended', async () => {
    await using place = await startTestRegistry();
    await place.addProject('doomed');
    const path = await place.startUpload('doomed/app');
    const id = path.split('/').at(-1) ?? '';
    using busy = await openRawConnection(place.url);
    busy.write(
      `${head('PATCH', path, `Authorization: ${place.admin}`, 'Content-Length: 100').slice(0, -2)}\r\n0123456789`,
    );
    const staged = async () => (await readdir(place.data, { recursive: true })).some((name) => name.includes(id));
    await eventually(async () => ((await staged()) ? true : undefined));
    await assertAnswer(await place.fetch('/api/v2.0/projects/doomed', { method: 'DELETE', as: place.admin }), 200);
    assert.equal(await place.registry.uploads.purge(0), 0, 'nothing is taken from under a request');
    busy.write('x'.repeat(90));
    await busy.until(/HTTP\/1\.1 \d{3}/);
    await eventually(async () => ((await place.registry.uploads.purge(0)) === 1 ? true : undefined));
    assert.equal(await staged(), false);
  });

  test('of a deleted project that the store does not drop now are dropped by the purge', async () => {
    await using s3 = await startFakeS3();
    const env = {
      ENTREPOT_BLOBS_S3_ENDPOINT: s3.endpoint,
      ENTREPOT_BLOBS_S3_BUCKET: s3.bucket,
      ENTREPOT_BLOBS_S3_ACCESS_KEY: s3.accessKeyId,
      ENTREPOT_BLOBS_S3_SECRET_KEY: s3.secretAccessKey,
    };
    await using place = await startTestRegistry({ env });
    await place.addProject('doomed');
    for (let at = 0; at < 3; at++) {
      const location = await place.startUpload('doomed/app');
      await place.fetch(location, { method: 'PATCH', as: place.admin, body: 'x'.repeat(100_000) });
    }
    assert.equal(s3.listKeys().length, 3);
    s3.addFault({ operations: ['DeleteObject'], action: { kind: 'status', status: 400, code: 'InvalidRequest' } });
    await assertAnswer(await place.fetch('/api/v2.0/projects/doomed', { method: 'DELETE', as: place.admin }), 200);
    await eventually(async () => (/Staged bytes of a deleted project stay/.test(place.logs()) ? true : undefined));
    assert.equal(s3.listKeys().length, 3);
    await assert.rejects(place.registry.uploads.purge(0));
    s3.clearFaults();
    assert.equal(await place.registry.uploads.purge(0), 3);
    assert.deepEqual(s3.listKeys(), []);
    assert.deepEqual(await place.query('select * from abandoned_stage'), []);
  });
});

describe('headers', () => {
  test('of 64 KiB are refused with 431', async () => {
    using connection = await openRawConnection(registry.url);
    connection.write(head('GET', '/v2/', `X-Long: ${'x'.repeat(65_536)}`));
    assert.ok(await connection.closed(5000));
    assert.deepEqual(statusesOf(connection.received()), [431]);
  });

  for (const path of ['/v2/', '/api/v2.0/projects?project_name=library', '/service/token', '/healthz']) {
    test(`in hundreds are refused with 431 (${path})`, async () => {
      using connection = await openRawConnection(registry.url);
      connection.write(head('GET', path, ...Array.from({ length: 300 }, (_, at) => `X-${at}: y`)));
      await connection.until(/\r\n\r\n/, 3000);
      assert.deepEqual(statusesOf(connection.received()), [431]);
    });
  }

  test('of a hundred lines are welcome', async () => {
    using connection = await openRawConnection(registry.url);
    connection.write(head('GET', '/healthz', ...Array.from({ length: 100 }, (_, at) => `X-${at}: y`)));
    await connection.until(/\r\n\r\n/, 3000);
    assert.deepEqual(statusesOf(connection.received()), [200]);
  });
});

test('a form for a token has a largest size', async () => {
  const body = `grant_type=password&scope=${'x'.repeat(100_000)}`;
  await assertAnswer(await registry.fetch('/service/token', { method: 'POST', body }), 413, 'SIZE_INVALID');
});

test('a body of the management API has a largest size', async () => {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: `"${'x'.repeat(2_000_000)}"` };
  await assertAnswer(await registry.fetch('/api/v2.0/projects', { ...init, as: registry.admin }), 413);
});

describe('memory', () => {
  const growth = async (work: () => Promise<void>) => {
    const before = process.memoryUsage().arrayBuffers;
    await work();
    return (process.memoryUsage().arrayBuffers - before) / (1024 * 1024);
  };

  test('does not grow with requests that wait on one connection', async () => {
    const fresh = await registry.pushBlob('library/app', Buffer.alloc(2 * 1024 * 1024 - 1, 'z'));
    for (const digest of [fresh, hugeDigest]) {
      using connection = await openRawConnection(registry.url);
      connection.socket.pause();
      const grown = await growth(async () => {
        connection.write(head('GET', `/v2/library/app/blobs/${digest}`).repeat(500));
        await sleep(800);
      });
      assert.ok(grown < 64, `${Math.round(grown)} MiB for 500 requests`);
    }
  });

  test('holds a small blob once, however many ask for it at once', async () => {
    const fresh = await registry.pushBlob('library/app', Buffer.alloc(2 * 1024 * 1024 - 2, 'w'));
    const path = `/v2/library/app/blobs/${fresh}`;
    const connections = await Promise.all(Array.from({ length: 100 }, () => openRawConnection(registry.url)));
    for (const { socket } of connections) socket.pause();
    const grown = await growth(async () => {
      for (const connection of connections) connection.write(head('GET', path));
      await sleep(800);
    });
    for (const connection of connections) connection[Symbol.dispose]();
    assert.ok(grown < 64, `${Math.round(grown)} MiB for 100 readers`);
  });
});
