import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Permission } from '@entrepot/contract/permissions';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { RobotActor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Audit } from '#tenancy/audit';
import { createIssuers } from '#tenancy/issuers';
import { forEachDialect, type TestDatabase } from '#testing/databases';
import { addProjectRow } from '#testing/rows';
import { createTestClock } from '#testing/test-clock';
import { createWorkloadDoor } from './door.ts';
import { createWorkloadExchange } from './exchange.ts';
import { createWorkloadIdentities } from './service.ts';
import { createWorkloadIdentityStore } from './store.ts';
import type { NewWorkloadIdentity } from './types.ts';

const issuer = 'https://cluster.example';
const origin = { address: '192.0.2.1', requestId: 'r' };
const hour = 3_600_000;
const asker = { actor: { kind: 'user', userId: 1, name: 'anna', admin: false }, ...origin } as const;
const builder = 'system:serviceaccount:team-a:builder';

async function setUp(place: TestDatabase) {
  const time = createTestClock();
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] };
  let up = true;
  const issuers = createIssuers({
    clock: time.clock,
    async request({ url }) {
      if (!up) throw new RegistryError('target-unreachable', 'away');
      const body = url.endsWith('/keys') ? jwks : { issuer, jwks_uri: `${issuer}/keys` };
      return { status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)), truncated: false };
    },
  });
  const projectId = await addProjectRow(place.db, 'team');
  const foreignId = await addProjectRow(place.db, 'other');
  const addRobot = async (
    name: string,
    project: number | undefined,
    permissions: Permission[],
    addresses?: string[],
  ) => {
    await place.query(
      `insert into robot (name, project_id, full_name, permissions, secret_hash, duration_days, creator_type, creator_id, created_at, updated_at)
        values ('${name}', ${project ?? 'null'}, '${name}', '[]', 'x', -1, 'local', 1, 1, 1)`,
    );
    const [row] = await place.query(`select id from robot where full_name = '${name}'`);
    const actor: RobotActor = {
      kind: 'robot',
      robotId: Number(row?.['id']),
      name: `robot$${name}`,
      projectId: project,
      grants: [{ place: project ?? 'system', permissions: new Set(permissions) }],
      ...(addresses === undefined ? {} : { addresses }),
    };
    robots.set(actor.robotId, actor);
    return actor.robotId;
  };
  const robots = new Map<number, RobotActor>();
  const robotId = await addRobot('team+builder', projectId, ['repository:pull', 'repository:push']);
  const written: Parameters<Audit['write']>[1][] = [];
  const refused: Parameters<Audit['note']>[0][] = [];
  const audit = {
    write: async (_tx: unknown, entry: Parameters<Audit['write']>[1]) => void written.push(entry),
    noteRefusal: (entry: Parameters<Audit['note']>[0]) => void refused.push(entry),
  };
  const held = new Set<Permission>(['repository:pull', 'repository:push']);
  const findRobotActor = async (id: number) => {
    const actor = robots.get(id);
    return actor && { actor };
  };
  const store = createWorkloadIdentityStore(place.db);
  const { transact } = place.db;
  const identities = createWorkloadIdentities({
    store,
    transact,
    findRobotActor,
    findProject: async (id) => ({ id, name: 'x', public: false }),
    access: { holds: async (_actor, permission) => held.has(permission) },
    assertTarget: (url, field) => {
      if (url.includes('internal')) throw new RegistryError('target-refused', field);
    },
    audit,
    clock: time.clock,
  });
  const build = () => createWorkloadExchange({ store, issuers, findRobotActor, transact, audit, clock: time.clock });
  const exchange = build();
  const identity = (change: Partial<NewWorkloadIdentity> = {}): NewWorkloadIdentity => ({
    projectId,
    robotId,
    name: 'builder of team-a',
    description: '',
    issuer,
    audience: 'hub',
    jwks: undefined,
    conditions: [{ claim: 'sub', values: [builder] }],
    maxLifetimeMs: hour,
    singleUse: false,
    disabled: false,
    ...change,
  });
  const now = () => Math.floor(time.clock() / 1000);
  const sign = (claims: JWTPayload = {}, key = privateKey) =>
    new SignJWT({ iss: issuer, aud: 'hub', sub: builder, iat: now(), exp: now() + 600, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .sign(key);
  const outcome = async (token: string, robotName?: string, by = exchange.exchange): Promise<string> => {
    try {
      return (await by(token, origin, robotName)).name;
    } catch (error) {
      assert.ok(error instanceof RegistryError, String(error));
      return error.code;
    }
  };
  const fails = (work: Promise<unknown>, code: string, message = '') =>
    assert.rejects(work, (error: RegistryError) => {
      assert.deepEqual([error.code, error.message.includes(message)], [code, true], error.message);
      return true;
    });
  return {
    time,
    projectId,
    foreignId,
    robotId,
    robots,
    addRobot,
    identities,
    exchange,
    build,
    identity,
    sign,
    outcome,
    fails,
    written,
    refused,
    held,
    jwks,
    query: place.query,
    setUp: (is: boolean) => {
      up = is;
    },
  };
}

forEachDialect('the token of a workload', (on) => {
  const scenario = (name: string, play: (place: Awaited<ReturnType<typeof setUp>>) => Promise<void>) => {
    test(name, async () => {
      await using place = await on.open();
      await play(await setUp(place));
    });
  };

  scenario(
    'stands for the robot whose conditions it meets',
    async ({ identities, identity, sign, outcome, written, time }) => {
      const made = await identities.create(asker, identity());
      assert.equal(await outcome(await sign({ jti: 'j1' })), 'robot$team+builder');
      const row = written.find(({ action }) => action === 'exchange-token');
      assert.deepEqual(row?.detail, { issuer, subject: builder, jti: 'j1' });
      assert.equal(row?.projectId, made.projectId);
      assert.equal((await identities.get(made.id, made.projectId)).usedAt, time.clock());
    },
  );

  scenario(
    'stands for nobody otherwise',
    async ({ identities, identity, sign, outcome, refused, time, robots, robotId }) => {
      const made = await identities.create(asker, identity());
      const other = await generateKeyPair('ES256');
      const at = Math.floor(time.clock() / 1000);
      for (const [what, token] of [
        ['another subject', await sign({ sub: 'system:serviceaccount:team-b:builder' })],
        ['another audience', await sign({ aud: 'another' })],
        ['another issuer', await sign({ iss: 'https://evil.example' })],
        ['another key', await sign({}, other.privateKey)],
        ['too long a life', await sign({ exp: at + 3601 })],
        ['an end that is past', await sign({ iat: at - 600, exp: at - 61 })],
        ['no age', await sign({ iat: undefined } as never)],
        ['no words', 'a.b.c'],
      ] as const) {
        assert.equal(await outcome(token), 'unauthorized', what);
      }
      assert.equal(refused.length, 8);
      assert.ok(refused.every(({ action, outcome: end }) => action === 'exchange-token' && end === 'failure'));
      await identities.update(asker, made, { disabled: true });
      assert.equal(await outcome(await sign()), 'unauthorized', 'a disabled identity');
      await identities.update(asker, made, { disabled: false });
      assert.equal(await outcome(await sign()), 'robot$team+builder');
      robots.delete(robotId);
      assert.equal(await outcome(await sign()), 'unauthorized', 'a robot that may not act');
    },
  );

  scenario('says to a stranger nothing of whom we trust', async ({ identities, identity, sign, exchange, fails }) => {
    await identities.create(asker, identity());
    const { privateKey } = await generateKeyPair('ES256');
    const message = 'The token is not accepted: it is not valid.';
    for (const token of [
      await sign({}, privateKey),
      await sign({ iss: 'https://x.example' }),
      await sign({ aud: 'x' }),
    ]) {
      await fails(exchange.exchange(token, origin), 'unauthorized', message);
    }
  });

  scenario('is believed by keys given by hand, while its issuer cannot be asked', async (place) => {
    const { identities, identity, sign, outcome, jwks } = place;
    await identities.create(asker, identity());
    place.setUp(false);
    assert.equal(await outcome(await sign()), 'target-unreachable');
    await identities.create(asker, identity({ name: 'by hand', jwks: JSON.stringify(jwks) }));
    assert.equal(await outcome(await sign()), 'robot$team+builder');
  });

  scenario('that stands for several robots stands for the one that is named', async (place) => {
    const { identities, identity, sign, outcome, addRobot, projectId } = place;
    const other = await addRobot('team+puller', projectId, ['repository:pull']);
    await identities.create(asker, identity());
    await identities.create(
      asker,
      identity({ name: 'same robot', conditions: [{ claim: 'sub', values: ['system:**'] }] }),
    );
    assert.equal(await outcome(await sign()), 'robot$team+builder');
    await identities.create(asker, identity({ name: 'another', robotId: other }));
    assert.equal(await outcome(await sign()), 'unauthorized');
    for (const name of ['robot$team+puller', 'robot$team+builder'])
      assert.equal(await outcome(await sign(), name), name);
    assert.equal(await outcome(await sign(), 'robot$team+x'), 'unauthorized');
  });

  scenario(
    'is used once where that is asked, on whichever node',
    async ({ identities, identity, sign, outcome, build, time, query }) => {
      const made = await identities.create(asker, identity({ singleUse: true }));
      const other = build();
      for (const token of [await sign({ jti: 'j1' }), await sign({ nonce: 'without a name' })]) {
        assert.equal(await outcome(token), 'robot$team+builder');
        assert.equal(await outcome(token), 'unauthorized');
        assert.equal(await outcome(token, undefined, other.exchange), 'unauthorized');
        assert.equal(await outcome(token, undefined, other.signIn), 'unauthorized');
      }
      const racing = await sign({ jti: 'j2' });
      const outcomes = await Promise.all([outcome(racing), outcome(racing, undefined, other.exchange)]);
      assert.deepEqual(outcomes.toSorted(), ['robot$team+builder', 'unauthorized']);
      await identities.update(asker, made, { singleUse: false });
      time.advance(hour);
      await identities.update(asker, made, { singleUse: true });
      assert.equal(await outcome(await sign({ jti: 'j3' })), 'robot$team+builder');
      assert.equal((await query('select token_hash from workload_token')).length, 1, 'what is over is forgotten');
    },
  );

  scenario('goes in as a password, for half a minute on one look', async (place) => {
    const { identities, identity, sign, exchange, written, time, fails } = place;
    await identities.create(asker, identity());
    const asked: string[] = [];
    const never = (who: string) => ({
      isMine: (name: string) => name.startsWith('robot$'),
      signIn: (name: string): never => {
        asked.push(`${who} ${name}`);
        throw new RegistryError('unauthorized', 'no');
      },
    });
    const door = createWorkloadDoor({ exchange, robots: never('robots'), others: never('others') });
    const token = await sign();
    for (const name of ['oidc', 'workload', 'robot$team+builder']) {
      assert.ok(door.isMine(name));
      for (let times = 0; times < 3; times++) {
        assert.equal(((await door.signIn(name, token, origin)) as RobotActor).name, 'robot$team+builder');
      }
    }
    assert.equal(written.filter(({ action }) => action === 'exchange-token').length, 2);
    time.advance(31_000);
    await door.signIn('oidc', token, origin);
    assert.equal(written.filter(({ action }) => action === 'exchange-token').length, 3);
    await fails(Promise.resolve(door.signIn('robot$team+other', token, origin)), 'unauthorized');
    assert.deepEqual([door.isMine('anna'), asked], [false, []]);
    for (const name of ['oidc', 'robot$team+builder']) assert.throws(() => door.signIn(name, 'a secret', origin));
    assert.deepEqual(asked, ['others oidc', 'robots robot$team+builder']);
  });

  scenario(
    'comes from where the robot may come from',
    async ({ identities, identity, sign, outcome, addRobot, projectId }) => {
      const bound = await addRobot('team+bound', projectId, ['repository:pull'], ['198.51.100.0/24']);
      await identities.create(asker, identity({ robotId: bound }));
      assert.notEqual(await outcome(await sign()), 'robot$team+bound');
    },
  );
});

forEachDialect('workload identities', (on) => {
  const scenario = (name: string, play: (place: Awaited<ReturnType<typeof setUp>>) => Promise<void>) => {
    test(name, async () => {
      await using place = await on.open();
      await play(await setUp(place));
    });
  };

  scenario(
    'are those of their place, by number too',
    async ({ identities, identity, projectId, foreignId, fails, addRobot, held }) => {
      const made = await identities.create(asker, identity());
      assert.equal((await identities.get(made.id, projectId)).name, made.name);
      for (const place of [foreignId, undefined]) await fails(identities.get(made.id, place), 'object-not-found');
      held.add('project:list');
      const robotId = await addRobot('registry', undefined, ['project:list']);
      const wide = await identities.create(asker, identity({ projectId: undefined, robotId }));
      await fails(identities.get(wide.id, projectId), 'object-not-found');
      const list = { conditions: [], sort: [], page: 1, pageSize: 10 };
      assert.deepEqual(
        [(await identities.list(projectId, list)).total, (await identities.list(undefined, list)).total],
        [1, 1],
      );
      assert.equal((await identities.list(foreignId, list)).total, 0);
    },
  );

  scenario(
    'lend nobody more than he has',
    async ({ identities, identity, addRobot, projectId, foreignId, fails, held }) => {
      const strong = await addRobot('team+strong', projectId, ['repository:push', 'artifact:delete']);
      await fails(identities.create(asker, identity({ robotId: strong })), 'denied', 'artifact:delete');
      const made = await identities.create(asker, identity());
      await fails(identities.update(asker, made, { robotId: strong }), 'denied');
      held.delete('repository:push');
      await fails(identities.update(asker, made, { conditions: [{ claim: 'sub', values: ['mine'] }] }), 'denied');
      const foreign = await addRobot('other+x', foreignId, ['repository:pull']);
      await fails(identities.create(asker, identity({ robotId: foreign })), 'body-invalid', 'robot_id');
      await fails(identities.create(asker, identity({ robotId: 999_999 })), 'body-invalid', 'robot_id');
    },
  );

  scenario('are refused by the name of the field', async ({ identities, identity, fails, jwks }) => {
    for (const [field, change] of [
      ['body.issuer', { issuer: 'http://cluster.example' }],
      ['body.issuer', { issuer: 'https://cluster.example/?a=b' }],
      ['body.jwks', { jwks: '{"keys":[{"kty":"oct","k":"AA"}]}' }],
      ['body.jwks', { jwks: JSON.stringify({ keys: [{ ...jwks.keys[0], d: 'private' }] }) }],
      ['body.conditions', { conditions: [{ claim: 'sub', values: ['*'] }] }],
      ['body.name', { name: ' x' }],
    ] as const) {
      await assert.rejects(identities.create(asker, identity(change)), (error: RegistryError) =>
        error.message.startsWith(field),
      );
    }
    await fails(identities.create(asker, identity({ issuer: 'https://internal.example' })), 'target-refused');
    await identities.create(asker, identity({ issuer: 'https://internal.example', jwks: JSON.stringify(jwks) }));
  });

  scenario('have one name in one place', async ({ identities, identity, fails }) => {
    const first = await identities.create(asker, identity());
    await fails(identities.create(asker, identity()), 'conflict');
    const second = await identities.create(asker, identity({ name: 'second' }));
    await fails(identities.update(asker, second, { name: first.name }), 'conflict');
    assert.equal((await identities.update(asker, second, { name: 'third' })).name, 'third');
  });

  scenario('go with their robot and their project, and leave a row for each change', async (place) => {
    const { identities, identity, query, robotId, written, projectId } = place;
    const made = await identities.create(asker, identity());
    await identities.update(asker, made, { description: 'changed' });
    await identities.delete(asker, made);
    assert.deepEqual(
      written.map(({ action, before, after }) => [action, before?.['description'], after?.['description']]),
      [
        ['create-workload-identity', undefined, ''],
        ['update-workload-identity', '', 'changed'],
        ['delete-workload-identity', '', undefined],
      ],
    );
    await identities.create(asker, identity());
    await query(`delete from robot where id = ${robotId}`);
    assert.deepEqual(await query(`select id from workload_identity where project_id = ${projectId}`), []);
  });
});
