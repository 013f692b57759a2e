import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
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
};

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
