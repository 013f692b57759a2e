import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { within } from '#platform/db';
import { assertAnswer, seenOf } from '#testing/answers';
import { forEachDialect } from '#testing/databases';
import { createTestClock, eventually } from '#testing/test-clock';
import { startTestRegistry, type TestRegistry, testPassword } from '#testing/test-registry';

const form = (name: string, password: string) => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams({ grant_type: 'password', service: 'entrepot', username: name, password }).toString(),
});

/** Every door that takes a name and a password. */
const doors: readonly (readonly [string, (at: TestRegistry, name: string, password: string) => Promise<Response>])[] = [
  ['/v2/', (at, name, password) => at.fetch('/v2/', { as: at.basic(name, password) })],
  ['a manifest', (at, name, password) => at.fetch('/v2/library/a/manifests/x', { as: at.basic(name, password) })],
  ['the token service', (at, name, password) => at.fetch('/service/token', { as: at.basic(name, password) })],
  ['the token service by form', (at, name, password) => at.fetch('/service/token', form(name, password))],
  [
    'the management API',
    (at, name, password) =>
      at.fetch('/api/v2.0/projects?project_name=library', { method: 'HEAD', as: at.basic(name, password) }),
  ],
  [
    'the form of the console',
    (at, name, password) =>
      at.fetch('/c/login', { method: 'POST', body: new URLSearchParams({ principal: name, password }) }),
  ],
  ['the metrics', (at, name, password) => at.fetch('/metrics', { as: at.basic(name, password) })],
];

/** The form is for people, who see no challenge of a program. */
const challenges = (door: string) => door !== 'the form of the console';

const behindProxy = { ENTREPOT_TRUSTED_PROXIES: '127.0.0.1/32' };

describe('a name that nobody has', () => {
  test('is answered exactly as a wrong password is, at every door', async () => {
    const env = { ENTREPOT_METRICS_PUBLIC: 'false', ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000' };
    await using registry = await startTestRegistry({ env });
    await registry.addUser('anna');
    for (const [door, ask] of doors) {
      const somebody = await seenOf(await ask(registry, 'anna', 'wrong'));
      const nobody = await seenOf(await ask(registry, 'nobody', 'wrong'));
      assert.equal(somebody.status, 401, door);
      assert.equal(somebody.headers['www-authenticate'] !== undefined, challenges(door), door);
      assert.deepEqual(nobody, somebody, door);
    }
  });

  test('is as good as that of a robot, with a wrong secret', async () => {
    await using registry = await startTestRegistry({ env: { ENTREPOT_METRICS_PUBLIC: 'false' } });
    const access = [{ resource: 'repository', action: 'pull' }];
    const made = await registry.fetch('/api/v2.0/robots', {
      method: 'POST',
      as: registry.admin,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        name: 'puller',
        level: 'project',
        duration: -1,
        permissions: [{ kind: 'project', namespace: 'library', access }],
      }),
    });
    assert.equal(made.status, 201);
    const { name } = (await made.json()) as { name: string };
    for (const [door, ask] of doors) {
      const robot = await seenOf(await ask(registry, name, 'wrong'));
      const nobody = await seenOf(await ask(registry, 'robot$library+nobody', 'wrong'));
      const person = await seenOf(await ask(registry, 'nobody', 'wrong'));
      assert.deepEqual([robot, nobody], [person, person], door);
    }
  });

  test('takes as long', async () => {
    await using registry = await startTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '100000' } });
    await registry.addUser('anna');
    const median = (times: readonly number[]) => times.toSorted((one, other) => one - other)[times.length >> 1] ?? 0;
    /** In turns, so that whatever else the machine does slows both. */
    async function compare(): Promise<readonly [somebody: number, nobody: number]> {
      const [somebody, nobody]: [number[], number[]] = [[], []];
      for (let at = 0; at < 30; at++) {
        const start = performance.now();
        const response = await registry.fetch('/v2/', {
          as: registry.basic(at % 2 ? 'anna' : 'nobody', `wrong-${at}`),
        });
        await response.text();
        (at % 2 ? somebody : nobody).push(performance.now() - start);
      }
      return [median(somebody), median(nobody)];
    }
    // Without the work for nobody it would take a tenth, each time.
    const seen: (readonly [number, number])[] = [];
    for (let round = 0; round < 4; round++) {
      const [somebody, nobody] = await compare();
      if (nobody > somebody / 2 && nobody < somebody * 2) return;
      seen.push([somebody, nobody]);
    }
    assert.fail(`milliseconds for somebody and nobody: ${JSON.stringify(seen)}`);
  });
});

describe('guessing a password', () => {
  test('is stopped after ten tries at every door, for that name from that address', async () => {
    const time = createTestClock();
    const env = { ENTREPOT_METRICS_PUBLIC: 'false' };
    await using registry = await startTestRegistry({ clock: time.clock, env });
    await registry.addUser('anna');
    await registry.addUser('bert');
    for (let at = 0; at < 10; at++) {
      const [, ask] = doors[at % doors.length] ?? doors[0]!;
      assert.equal((await ask(registry, 'anna', `wrong-${at}`)).status, 401, `try ${at}`);
    }
    for (const [door, ask] of doors) {
      const response = await ask(registry, 'anna', testPassword);
      assert.equal(response.status, 429, door);
      const wait = Number(response.headers.get('retry-after'));
      assert.ok(wait > 0 && wait <= 900, `${door} says to wait ${wait}`);
      assert.equal((await ask(registry, 'bert', testPassword)).status === 429, false, door);
    }
    time.advance(15 * 60_000 + 1);
    await assertAnswer(await registry.fetch('/v2/', { as: registry.basic('anna') }), 200);
  });

  test('locks nobody out who comes from elsewhere', async () => {
    await using registry = await startTestRegistry({ env: behindProxy });
    await registry.addUser('anna');
    const from = (address: string, password: string) =>
      registry.fetch('/v2/', {
        as: registry.basic('anna', password),
        headers: { 'x-forwarded-for': address },
      });
    for (let at = 0; at < 10; at++) await assertAnswer(await from('203.0.113.9', `wrong-${at}`), 401);
    await assertAnswer(await from('203.0.113.9', testPassword), 429, 'TOOMANYREQUESTS');
    await assertAnswer(await from('198.51.100.1', testPassword), 200);
  });

  test('is not helped by claims about one’s address', async () => {
    await using registry = await startTestRegistry();
    await registry.addUser('anna');
    const claims = (at: number) => ({
      'x-forwarded-for': `203.0.113.${at}`,
      'x-real-ip': `203.0.113.${at}`,
      forwarded: `for=203.0.113.${at}`,
      'x-client-ip': `203.0.113.${at}`,
    });
    for (let at = 0; at < 10; at++) {
      const as = registry.basic('anna', `wrong-${at}`);
      await assertAnswer(await registry.fetch('/v2/', { as, headers: claims(at) }), 401);
    }
    const as = registry.basic('anna', 'wrong');
    await assertAnswer(await registry.fetch('/v2/', { as, headers: claims(99) }), 429, 'TOOMANYREQUESTS');
    const addresses = await eventually(async () => {
      const rows = await registry.query("select address from audit where action = 'login'");
      return rows.length >= 10 ? rows.map((row) => row['address']) : undefined;
    });
    assert.deepEqual(new Set(addresses), new Set(['127.0.0.1']));
  });

  test('keeps nobody from pulling', async () => {
    await using registry = await startTestRegistry({ env: { ENTREPOT_AUTH_PASSWORD_CONCURRENCY: '1' } });
    await registry.pushImage('library/app', 'v1');
    const token = await registry.bearer(registry.admin, 'repository:library/app:pull');
    const flood = Array.from({ length: 130 }, async (_, at) => {
      const response = await registry.fetch('/v2/', { as: registry.basic(`nobody-${at}`, 'x') });
      await response.text();
      return { status: response.status, wait: response.headers.get('retry-after') };
    });
    let pulls = 0;
    let flooding = true;
    const pulling = (async () => {
      while (flooding) {
        for (const init of [{}, { as: token }]) {
          await assertAnswer(await registry.fetch('/v2/library/app/manifests/v1', init), 200);
        }
        pulls += 1;
      }
    })();
    const outcomes = await Promise.all(flood);
    flooding = false;
    await pulling;
    const refused = outcomes.filter(({ status }) => status === 429);
    assert.ok(refused.length > 0, 'beyond a short line sign-ins are refused');
    assert.ok(refused.every(({ wait }) => Number(wait) > 0));
    assert.ok(outcomes.every(({ status }) => status === 401 || status === 429));
    assert.ok(pulls > 10, `${pulls} pulls meanwhile`);
  });
});

forEachDialect('failed sign-ins', (on) => {
  if (on.kind === 'postgres') {
    test('are counted over all nodes', async () => {
      await using place = await on.makePlace();
      await using here = await startTestRegistry({ place, env: behindProxy });
      await using there = await startTestRegistry({ place, env: behindProxy });
      await here.addUser('anna');
      for (let at = 0; at < 10; at++) {
        const node = at % 2 === 0 ? here : there;
        await assertAnswer(await node.fetch('/v2/', { as: node.basic('anna', `wrong-${at}`) }), 401);
      }
      for (const node of [here, there]) {
        const refused = await node.fetch('/v2/', { as: node.basic('anna') });
        assert.ok(Number(refused.headers.get('retry-after')) > 0);
        await assertAnswer(refused, 429, 'TOOMANYREQUESTS');
        const elsewhere = { 'x-forwarded-for': '198.51.100.1' };
        await assertAnswer(await node.fetch('/v2/', { as: node.basic('anna'), headers: elsewhere }), 200);
      }
    });
  }

  test('with any bytes in name and password are answered and logged as no fault', async () => {
    await using place = await on.makePlace();
    await using registry = await startTestRegistry({ place, env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000' } });
    const credentials = [
      Buffer.from('a\0b:x'),
      Buffer.from('anna:x\0y'),
      Buffer.from([0xff, 0xfe, 0x3a, 0x80]),
      Buffer.from(':'),
      Buffer.from('no colon'),
      Buffer.from(`${'n'.repeat(9000)}:${'p'.repeat(9000)}`),
      Buffer.from("' or 1=1 --:x"),
      Buffer.from('a\r\n{"level":"error"}:x'),
    ];
    for (const bytes of credentials) {
      const as = `Basic ${bytes.toString('base64')}`;
      await assertAnswer(await registry.fetch('/v2/', { as }), 401, 'UNAUTHORIZED');
      await assertAnswer(await registry.fetch('/service/token', { as }), 401, 'UNAUTHORIZED');
      const init = { method: 'HEAD', as };
      await assertAnswer(await registry.fetch('/api/v2.0/projects?project_name=library', init), 401);
    }
    for (const as of ['Basic', 'Basic ', 'Basic ÿ', 'Bearer', 'Digest x', 'x', ' ', 'Basic !!!', 'Negotiate YII=']) {
      await assertAnswer(await registry.fetch('/v2/', { as }), 401, 'UNAUTHORIZED');
    }
    assert.doesNotMatch(registry.logs(), /"level":"error"/);
  });
});

test('a fresh registry knows none of the passwords that everybody knows', async () => {
  await using registry = await startTestRegistry({ env: { ENTREPOT_AUTH_LOGIN_ATTEMPTS: '1000' } });
  for (const [name, password] of [
    ...['', 'admin', 'password', 'Harbor12345', 'entrepot', 'changeme'].map((word) => ['admin', word] as const),
    ['root', 'root'],
    ['entrepot', 'entrepot'],
    ['', ''],
  ] as const) {
    await assertAnswer(await registry.fetch('/v2/', { as: registry.basic(name, password) }), 401);
  }
});

test('before the first administrator is made nobody gets in', async () => {
  await using registry = await startTestRegistry();
  await registry.registry.db.transact(async (tx) => {
    await within(tx).deleteFrom('user_account').execute();
  });
  for (const password of ['', testPassword]) {
    const response = await registry.fetch('/v2/', { as: registry.basic('admin', password) });
    assert.ok(response.status === 401 || response.status === 503, String(response.status));
  }
});
