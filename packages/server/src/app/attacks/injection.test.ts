import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { forEachDialect } from '#testing/databases';
import { openRawConnection, statusesOf } from '#testing/raw-connection';
import { imageManifest, startTestRegistry, useTestRegistry } from '#testing/test-registry';

const hostileWords = [
  "' or '1'='1",
  "'; drop table tag; --",
  '"; drop table tag; --',
  'x) union select password from user_account --',
  '%27%20or%201=1',
  '(select pg_sleep(5))',
  '$1',
  '?1',
  '%',
  '_',
  '*',
  '\\',
  '\0',
  'a\0b',
  '\ud800',
  '\r\n\r\nHTTP/1.1 200 OK',
  '../../etc/passwd',
  'x'.repeat(5000),
  '-1',
  '1e9',
  'NaN',
  '__proto__',
];

forEachDialect('every list', (on) => {
  test('takes hostile words as words, or refuses them', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addProject('secret');
    await registry.addUser('anna');
    await registry.pushImage('secret/app', 'v1');
    await registry.pushImage('library/app', 'v1');
    const subject = `sha256:${'0'.repeat(64)}`;
    const anna = registry.basic('anna');
    const lists: readonly (readonly [string, string])[] = [
      ['/v2/_catalog', 'n'],
      ['/v2/_catalog', 'last'],
      ['/v2/library/app/tags/list', 'n'],
      ['/v2/library/app/tags/list', 'last'],
      [`/v2/library/app/referrers/${subject}`, 'artifactType'],
      [`/v2/library/app/referrers/${subject}`, 'last'],
      [`/v2/library/app/referrers/${subject}`, 'n'],
      ['/v2/_catalog', 'q'],
      ['/v2/_catalog', 'sort'],
      ['/v2/_catalog', 'page_size'],
      ['/service/token', 'scope'],
      ['/service/token', 'account'],
      ['/service/token', 'service'],
    ];
    for (const [path, parameter] of lists) {
      for (const word of hostileWords) {
        const query = new URLSearchParams([[parameter, word]]);
        const response = await registry.fetch(`${path}?${query}`, { as: anna });
        const text = await response.text();
        const what = `${path}?${parameter}=${JSON.stringify(word.slice(0, 30))} was answered ${response.status}: ${text.slice(0, 200)}`;
        assert.ok(response.status === 200 || response.status === 400, what);
        assert.doesNotMatch(text, /secret|argon2/, what);
      }
    }
    assert.equal((await place.query('select name from tag')).length, 2, 'nothing was dropped');
    assert.doesNotMatch(registry.logs(), /"level":"error"/);
  });

  test('of projects takes hostile names as names, or refuses them', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    await registry.addUser('anna');
    const as = registry.basic('anna');
    for (const word of hostileWords.filter((name) => name !== '1e9')) {
      const told = JSON.stringify(word.slice(0, 30));
      const query = new URLSearchParams({ project_name: word });
      const head = await registry.fetch(`/api/v2.0/projects?${query}`, { method: 'HEAD', as });
      assert.ok(head.status === 400 || head.status === 404, `HEAD ${told}: ${head.status}`);
      const body = JSON.stringify({ project_name: word });
      const headers = { 'content-type': 'application/json' };
      const made = await registry.fetch('/api/v2.0/projects', { method: 'POST', as, headers, body });
      assert.equal(made.status, 400, `POST ${told}: ${await made.text()}`);
      for (const name of [encodeURIComponent(word.toWellFormed()), encodeURIComponent(encodeURIComponent('\0'))]) {
        const gone = await registry.fetch(`/api/v2.0/projects/${name}`, { method: 'DELETE', as });
        assert.ok([400, 404, 414].includes(gone.status), `DELETE ${told}: ${gone.status}`);
      }
    }
    assert.doesNotMatch(registry.logs(), /"level":"error"/);
  });

  test('of what a manifest says is written as it was said, or refused', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place });
    const repository = 'library/odd';
    await registry.pushBlob(repository, '{}');
    const { digest } = await registry.pushImage(repository, 'subject');
    const subject = { mediaType: 'application/x', digest, size: 2 };
    for (const word of hostileWords.filter((text) => text !== '\ud800')) {
      const plain = JSON.parse(imageManifest('{}', [])) as { config: object };
      for (const fields of [
        { artifactType: word },
        { config: { ...plain.config, mediaType: word } },
        { annotations: { [word]: word } },
      ]) {
        const manifest = imageManifest('{}', [], { ...fields, subject });
        const response = await registry.putManifest(repository, 'odd', manifest);
        assert.ok(
          response.status === 201 || response.status === 400,
          `${JSON.stringify(fields).slice(0, 80)}: ${response.status} ${await response.text()}`,
        );
        const listed = await registry.fetch(`/v2/${repository}/referrers/${digest}`);
        assert.equal(listed.status, 200, await listed.text());
      }
    }
    assert.doesNotMatch(registry.logs(), /"level":"error"/);
  });
});

const registry = await useTestRegistry({ env: { ENTREPOT_ACCESS_LOG: 'true' } });

const outside = [
  '/%2F%2F..%2F..%2F..%2Fetc/passwd',
  '/..;/..;/etc/passwd',
  '/%252e%252e/%252e%252e/etc/passwd',
  '/v2/../../../../etc/passwd',
  '/v2/library/../../../../etc/passwd',
  '/v2/%2e%2e/%2e%2e/etc/passwd',
  '/v2/library/app/blobs/..%2f..%2f..%2fentrepot.db',
  '/v2/library/app/blobs/sha256:..%2f..%2f..%2f..%2fetc%2fpasswd',
  '/v2/library/app/blobs/sha256:../../../../etc/passwd',
  '/v2/library/app/manifests/..%2f..%2fentrepot.db',
  '/v2/library/app/manifests/../../../entrepot.db',
  '/v2/library/app/blobs/uploads/..%2f..%2f..%2fentrepot.db',
  '/v2/library\\..\\..\\entrepot.db/tags/list',
  '/v2/library/app%00/tags/list',
  '/v2/library/app/tags/list%00.json',
  '/v2/%5c%5cserver%5cshare/tags/list',
  '/api/v2.0/../../etc/passwd',
  '/api/v2.0/projects/..%2f..%2f..%2fetc%2fpasswd',
  '/service/token/../../../etc/passwd',
  '/metrics/../../etc/passwd',
  '/healthz/%2e%2e/%2e%2e/etc/passwd',
  '//etc/passwd',
  '///v2/_catalog',
  '/./v2/../etc/passwd',
  '/entrepot.db',
  '/data/entrepot.db',
  'file:///etc/passwd',
  'http://169.254.169.254/latest/meta-data/',
];

for (const path of outside) {
  test(`the path ${path} leads nowhere`, async () => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      using connection = await openRawConnection(registry.url);
      connection.write(
        `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${registry.admin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
      );
      await connection.closed(5000);
      const [status = 0] = statusesOf(connection.received());
      assert.ok(status >= 400 && status < 500, `${method}: ${connection.received().slice(0, 200)}`);
      assert.doesNotMatch(connection.received(), /root:.*:0:0|SQLite format/);
    }
  });
}

for (const name of [
  'blobs/uploads',
  'manifests/x',
  'tags/list',
  'referrers/x',
  'x/blobs/uploads',
  'x/manifests/latest',
  'x/tags/list',
  'blobs',
  'manifests',
  'v2',
  'v2/library',
  'uploads',
]) {
  test(`a repository called library/${name} is one repository with its own images`, async () => {
    const repository = `library/${name}`;
    const image = await registry.pushImage(repository, 'v1');
    await assertAnswer(await registry.fetch(`/v2/${repository}/manifests/v1`), 200);
    assert.equal((await registry.fetch(`/v2/${repository}/blobs/${image.layer}`)).status, 200);
    const list = await registry.fetch(`/v2/${repository}/tags/list`);
    assert.deepEqual(await list.json(), { name: repository, tags: ['v1'] });
    const referrers = await registry.fetch(`/v2/${repository}/referrers/${image.digest}`);
    assert.equal(referrers.status, 200);
    await assertAnswer(await registry.fetch(`/v2/${repository}/manifests/none`), 404, 'MANIFEST_UNKNOWN');
    await assertAnswer(await registry.fetch(`/v2/${repository}/manifests/v1`, { method: 'DELETE' }), 401);
  });
}

test('names, tags, paths and user agents write one line each into the log', async () => {
  const evil = '\r\n{"level":"error","msg":"forged"}';
  const lines = () => registry.logs().split('\n').filter(Boolean).length;
  const before = lines();
  const requests: readonly (() => Promise<Response>)[] = [
    () => registry.fetch('/v2/', { as: registry.basic(`anna${evil}`) }),
    () => registry.fetch(`/v2/library/app/manifests/${encodeURIComponent(`v1${evil}`)}`),
    () => registry.fetch(`/v2/library${encodeURIComponent(evil)}/app/tags/list`),
    () => registry.fetch(`/v2/_catalog?last=${encodeURIComponent(evil)}`, { as: registry.admin }),
    () => registry.fetch('/v2/', { headers: { 'user-agent': 'a\t{"level":"error"}' } }),
    () => registry.fetch('/v2/', { headers: { 'x-request-id': '{"forged":true}' } }),
    () => registry.fetch('/v2/', { headers: { 'x-forwarded-for': '{"forged":true}' } }),
  ];
  for (const ask of requests) await (await ask()).text();
  assert.equal(lines() - before, requests.length);
  for (const line of registry.logs().split('\n').filter(Boolean)) {
    const { level, msg, requestId = 'none' } = JSON.parse(line) as { level: string; msg: string; requestId?: string };
    assert.notEqual(level, 'error');
    assert.notEqual(msg, 'forged');
    assert.match(requestId, /^[\w.:-]{1,64}$/);
  }
});

test('no header of an answer repeats what could end it', async () => {
  for (const path of [
    '/v2/library/app%0d%0ax-evil:1/tags/list',
    '/v2/library/x%22,error=%22/tags/list',
    '/v2/secret/%0d%0aSet-Cookie:x/manifests/v1',
    '/v2/secret/a"b/tags/list',
    '/v2/secret/\u00ff/tags/list',
  ]) {
    using connection = await openRawConnection(registry.url);
    connection.write(
      Buffer.from(
        `GET ${path} HTTP/1.1\r\nHost: x"y\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n`,
        'latin1',
      ),
    );
    await connection.closed(5000);
    const [head = ''] = connection.received().split('\r\n\r\n');
    assert.match(head, /^HTTP\/1\.1 4\d\d /);
    assert.doesNotMatch(head, /^(x-evil|set-cookie)/im);
  }
});

test('the token is fetched where the operator says, not where a Host header says', async () => {
  await using fixed = await startTestRegistry({ env: { ENTREPOT_EXTERNAL_URL: 'https://hub.example.com/hub' } });
  using connection = await openRawConnection(fixed.url);
  connection.write(
    'GET /v2/ HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nConnection: close\r\n\r\n',
  );
  await connection.closed(5000);
  assert.match(
    connection.received(),
    /www-authenticate: Bearer realm="https:\/\/hub\.example\.com\/hub\/service\/token"/i,
  );
  assert.doesNotMatch(connection.received(), /evil/);
});
