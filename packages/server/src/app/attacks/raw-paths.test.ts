import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openRawConnection, statusesOf } from '#testing/raw-connection';
import { useTestRegistry } from '#testing/test-registry';

// Class C7: what is answered past the management API, × paths that lead elsewhere where somebody decodes once too often;
// and what of a request ends up in the log.

const registry = await useTestRegistry({
  env: { ENTREPOT_ACCESS_LOG: 'true', ENTREPOT_AUTH_LOGIN_ATTEMPTS: '100000' },
});

const places = [
  '/api/docs',
  '/api/docs/',
  '/api/docs/openapi.json',
  '/api/docs/style.css',
  '/api/version',
  '/c/login',
  '/c/log_out',
  '/c/userExists',
  '/c/oidc/login',
  '/c/oidc/callback',
  '/c/oidc/logout',
  '/c/',
  '/service/token',
  '/service/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/api/v2.0/systeminfo/getcert',
  '/api/v2.0/icons/',
  '/api/entrepot/v1/audit/export',
];

const tricks = [
  '/../../../../../../etc/passwd',
  '/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd',
  '/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
  '/%252e%252e%252f%252e%252e%252fetc%252fpasswd',
  '/..;/..;/etc/passwd',
  '/....//....//etc/passwd',
  '/..\\..\\..\\etc\\passwd',
  '/%5c..%5c..%5cetc%5cpasswd',
  '/%00/../entrepot.db',
  '%00.json',
  '%2f%2f..%2f..%2fentrepot.db',
  '/entrepot.db',
  '/secret.key',
  '/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd',
  '/%ff',
  '/%',
];

for (const place of places) {
  test(`below ${place} lies nothing else`, async () => {
    await Promise.all(
      tricks.map(async (trick) => {
        for (const method of ['GET', 'POST']) {
          using connection = await openRawConnection(registry.url);
          const path = `${place}${trick}`;
          connection.write(
            `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${registry.admin}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
          );
          await connection.closed(10_000);
          const [status = 0] = statusesOf(connection.received());
          assert.ok(status >= 400 && status < 500, `${method} ${path}: ${connection.received().slice(0, 200)}`);
          assert.doesNotMatch(connection.received(), /root:.*:0:0|SQLite format/);
        }
      }),
    );
  });
}

test('names of users, projects, robots, labels and headers write one record each into the log', async () => {
  const evil = '\r\n{"level":"error","msg":"forged"}\u2028\u0085\u001b[31m';
  const json = { 'content-type': 'application/json' };
  const quoted = encodeURIComponent(evil);
  const asked: readonly (readonly [string, string, string | undefined])[] = [
    ['GET', `/api/v2.0/projects/${quoted}`, undefined],
    ['GET', `/api/v2.0/projects/library/repositories/${quoted}/artifacts/${quoted}/tags`, undefined],
    ['GET', `/api/v2.0/users/search?username=${quoted}`, undefined],
    ['GET', `/api/v2.0/search?q=${quoted}`, undefined],
    ['GET', `/api/docs?${quoted}`, undefined],
    ['GET', `/c/userExists?target=username&value=${quoted}`, undefined],
    ['POST', '/api/v2.0/users', JSON.stringify({ username: `anna${evil}`, password: 'Password123' })],
    ['POST', '/api/v2.0/projects', JSON.stringify({ project_name: `p${evil}` })],
    ['POST', '/api/v2.0/labels', JSON.stringify({ name: `l${evil}`, scope: 'g' })],
    ['POST', '/api/v2.0/robots', JSON.stringify({ name: `r${evil}`, level: 'system', permissions: [] })],
  ];
  const from = registry.logs().length;
  for (const [method, path, body] of asked) {
    for (const as of [registry.admin, registry.basic(`anna${evil}`, `x${evil}`)]) {
      const headers = {
        'user-agent': 'x","level":"error',
        'x-request-id': '{"forged":1}',
        ...(body === undefined ? {} : json),
      };
      const response = await registry.fetch(path, { method, as, headers, ...(body === undefined ? {} : { body }) });
      await response.text();
      assert.ok(response.status < 500, `${method} ${path}: ${response.status}`);
    }
  }
  const form = new URLSearchParams({ principal: `anna${evil}`, password: evil });
  await (await registry.fetch('/c/login', { method: 'POST', body: form })).text();
  const lines = registry.logs().slice(from).split('\n').filter(Boolean);
  assert.ok(lines.length >= asked.length * 2 + 1, `${lines.length} records`);
  for (const line of lines) {
    const { level, msg, requestId = 'none' } = JSON.parse(line) as { level: string; msg: string; requestId?: string };
    assert.notEqual(level, 'error', line);
    assert.notEqual(msg, 'forged');
    assert.match(requestId, /^[\w.:-]{1,64}$/);
    assert.ok(
      Array.from(line, (sign) => sign.codePointAt(0) ?? 0).every((code) => code >= 0x20),
      line,
    );
  }
});
