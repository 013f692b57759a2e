import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { allRecords } from '@entrepot/contract/all-records';
import { z } from 'zod';
import { startReceiver } from '#testing/receiver';
import { useTestRegistry } from '#testing/test-registry';

// Whoever may name an address must not reach through it what only the registry's own machine can reach.

const receiver = await startReceiver();
after(() => receiver[Symbol.asyncDispose]());
const { port } = new URL(receiver.url);
// One address is open, so that a change of what is there already is attacked as well; the receiver is not among it.
const open = await startReceiver((_request, response) => response.end('{}'));
after(() => open[Symbol.asyncDispose]());
const registry = await useTestRegistry({ env: { ENTREPOT_OUTBOUND_ALLOW: new URL(open.url).host } });
await registry.addProject('team');
await registry.addUser('owner', { team: 1 });

const internal = [
  `http://127.0.0.1:${port}/`,
  `http://[::1]:${port}/`,
  `http://0.0.0.0:${port}/`,
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00::1]/',
  'http://[fe80::1]/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1/',
  'http://100.64.0.1/',
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://2130706433:${port}/`,
  `http://0x7f.1:${port}/`,
  `http://127.1:${port}/`,
  `http://0177.0.0.1:${port}/`,
  `http://127。0。0。1:${port}/`,
  `http://localhost:${port}/`,
  `http://localhost.:${port}/`,
  `http://owner@127.0.0.1:${port}/`,
  `http://example.com:80@127.0.0.1:${port}/`,
  `http://example.com\\@127.0.0.1:${port}/`,
  'gopher://127.0.0.1/',
  'file:///etc/passwd',
  'ftp://127.0.0.1/',
  'unix:/run/docker.sock',
];

async function send(method: string, path: string, body: unknown, as: string): Promise<Response> {
  return registry.fetch(`/api/v2.0${path}`, {
    method,
    as,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });
}

const policy = (address: string) => ({
  name: 'attack',
  event_types: ['PUSH_ARTIFACT'],
  enabled: true,
  targets: [{ type: 'http', address }],
});
const endpoint = (url: string) => ({ name: 'attack', url, type: 'docker-registry', insecure: true });
const owner = registry.basic('owner');
const robot = (await (
  await send(
    'POST',
    '/robots',
    {
      name: 'puller',
      level: 'project',
      duration: -1,
      permissions: [{ kind: 'project', namespace: 'team', access: [{ resource: 'repository', action: 'pull' }] }],
    },
    registry.admin,
  )
).json()) as { id: number };
const workload = (issuer: string) => ({
  name: 'attack',
  robot_id: robot.id,
  issuer,
  audience: 'hub',
  conditions: [{ claim: 'sub', values: ['a'] }],
});

const made = await send('POST', '/projects/team/webhook/policies', { ...policy(open.url), name: 'kept' }, owner);
const known = await send('POST', '/registries', { ...endpoint(open.url), name: 'kept' }, registry.admin);
assert.deepEqual([made.status, known.status], [201, 201]);
const kept = { policy: made.headers.get('location') ?? '', registry: known.headers.get('location') ?? '' };
const below = (location: string) => location.replace('/api/v2.0', '');

const targets: Readonly<Record<string, (address: string) => Promise<Response>>> = {
  'a new webhook': (address) => send('POST', '/projects/team/webhook/policies', policy(address), owner),
  'a webhook that is changed': (address) => send('PUT', below(kept.policy), policy(address), owner),
  'a new registry': (address) => send('POST', '/registries', endpoint(address), registry.admin),
  'a registry that is changed': (address) => send('PUT', below(kept.registry), { url: address }, registry.admin),
  'a ping': (address) => send('POST', '/registries/ping', endpoint(address), registry.admin),
  'a ping of what is kept': (address) =>
    send('POST', '/registries/ping', { id: Number(kept.registry.split('/').at(-1)), url: address }, registry.admin),
  'a ping of an issuer': (address) =>
    send('POST', '/system/oidc/ping', { url: address, verify_cert: true }, registry.admin),
  'the issuer in the settings': (address) => send('PUT', '/configurations', { oidc_endpoint: address }, registry.admin),
  'a ping of a directory': (address) =>
    send('POST', '/ldap/ping', { ldap_url: address.replace(/^http:/, 'ldap:') }, registry.admin),
  'an issuer of workloads': (address) =>
    registry.fetch('/api/entrepot/v1/projects/team/workload-identities', {
      method: 'POST',
      as: owner,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(workload(address)),
    }),
};

/** Where each operation that takes an address is attacked. A new one without a row here fails the test below. */
const attacked: Readonly<Record<string, keyof typeof targets | readonly [why: string]>> = {
  CreateWebhookPolicyOfProject: 'a new webhook',
  UpdateWebhookPolicyOfProject: 'a webhook that is changed',
  createRegistry: 'a new registry',
  updateRegistry: 'a registry that is changed',
  pingRegistry: 'a ping',
  pingOIDC: 'a ping of an issuer',
  pingLdap: 'a ping of a directory',
  updateConfigurations: 'the issuer in the settings',
  createProjectWorkloadIdentity: 'an issuer of workloads',
  createWorkloadIdentity: ['tenancy/workload-identity: the same service'],
  updateProjectWorkloadIdentity: ['tenancy/workload-identity: the same service'],
  updateWorkloadIdentity: ['tenancy/workload-identity: the same service'],
  setRobotLimits: ['addresses that the robot comes from'],
};

/** Names of fields, at any depth of a JSON schema. */
function fieldsOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own = 'properties' in schema ? Object.keys(schema.properties as object) : [];
  return [...own, ...Object.values(schema).flatMap(fieldsOf)];
}

test('every operation that takes an address is attacked here', () => {
  const notYet = new Set(registry.registry.notYet);
  const taking = allRecords
    .filter(({ operationId, body }) => body !== undefined && !notYet.has(operationId))
    .filter(({ body }) =>
      fieldsOf(z.toJSONSchema(body as z.ZodType, { io: 'input', unrepresentable: 'any' })).some((name) =>
        /ur[li]s?$|address|endpoint|issuer|host|callback/i.test(name),
      ),
    )
    .map(({ operationId }) => operationId);
  assert.deepEqual(taking.toSorted(), Object.keys(attacked).toSorted());
  for (const name of Object.values(attacked)) if (typeof name === 'string') assert.ok(name in targets, name);
});

test('nothing asks the network past the one place that is guarded', async () => {
  const root = new URL('../../', import.meta.url);
  const found: string[] = [];
  for (const path of await readdir(root, { recursive: true })) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
    const text = await readFile(new URL(path, root), 'utf8');
    const sockets =
      /import (?!type)[^;]*\b(?:request|get|connect|createConnection|Agent|Socket|lookup|resolve4?)\b[^;]*from 'node:(?:https?|http2|net|tls|dgram|dns|dns\/promises)'/;
    if (sockets.test(text) || /(?<![.\w])fetch\(|from 'undici'|from 'node:dgram'/.test(text)) found.push(path);
  }
  assert.deepEqual(found.toSorted(), guarded);
});

/** Those that open connections: what others name goes through the last two, or is looked at by their rules. */
const guarded: readonly string[] = [
  'platform/blobs/s3/object-calls.ts',
  'platform/directory/connect.ts',
  'platform/outbound/exchange.ts',
  'platform/outbound/guarded-request.ts',
];

for (const [name, attack] of Object.entries(targets)) {
  describe(`the address of ${name}`, () => {
    for (const address of internal) {
      test(`cannot be ${address.replaceAll(port, 'PORT')}`, async () => {
        const started = performance.now();
        const response = await attack(address);
        const text = await response.text();
        assert.equal(response.status, 400, text);
        assert.equal((JSON.parse(text) as { errors: { code: string }[] }).errors[0]?.code, 'BAD_REQUEST');
        assert.ok(performance.now() - started < 4000, 'it is refused by its text, not by trying');
      });
    }
  });
}

test('not one packet came where none was to come', () => {
  assert.equal(receiver.received.length, 0);
});
