import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startRegistryDouble } from '@entrepot/oci/testing/registry-double';
import { serveRegistry } from '#testing/served-registry';

const allowed = { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.0/8' };

test('other registries are made known, tried and forgotten', async () => {
  await using registry = await serveRegistry(allowed);
  await using double = await startRegistryDouble();
  const { must, run } = registry;
  const address = `http://${double.host}`;
  await must(['registry', 'create', 'spoke', address]);
  assert.match(await must(['registry', 'ls']), new RegExp(`spoke +docker-registry +${address} +`));
  assert.match(await must(['registry', 'ping', 'spoke']), /^spoke \(.*\) answers\n$/);
  assert.equal((await run(['registry', 'create', 'spoke', address])).code, 8);
  assert.equal((await run(['registry', 'ping', 'nobody'])).code, 3);
  const unasked = await run(['registry', 'create', 'x', address, '--access-key', 'me']);
  assert.deepEqual([unasked.code, /--access-secret-stdin/.test(unasked.stderr)], [2, true]);
  await must(['registry', 'rm', 'spoke', '--yes']);
  assert.equal(await must(['registry', 'ls', '-o', 'json']), '[]\n');
});

test('a webhook is tried, its deliveries are seen, and one is sent again', async () => {
  await using registry = await serveRegistry(allowed);
  const { must, run } = registry;
  const received: string[] = [];
  const receiver = createServer((request, response) => {
    received.push(request.headers['authorization'] ?? '');
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  const until = async (count: number) => {
    for (let tries = 0; received.length < count && tries < 200; tries++) {
      await wait(100);
    }
    assert.equal(received.length, count);
  };
  try {
    await must(['project', 'create', 'team']);
    await must(['webhook', 'create', 'team', 'ci', address, '--auth-header', 'Bearer x']);
    await must(['webhook', 'test', 'team', 'ci', '--event', 'DELETE_ARTIFACT']);
    await until(1);
    assert.deepEqual(received, ['Bearer x']);
    const listed = await must(['webhook', 'deliveries', 'team', 'ci']);
    assert.match(listed, /^ID +TIME +EVENT +STATE +WHY\n\d+ +\S+ +DELETE_ARTIFACT +\w+/);
    const [delivery] = JSON.parse(await must(['webhook', 'deliveries', 'team', 'ci', '-o', 'json'])) as {
      id: number;
    }[];
    await must(['webhook', 'redeliver', 'team', String(delivery?.id)]);
    await until(2);
    assert.equal((await run(['webhook', 'redeliver', 'team', '999999'])).code, 3);
    assert.equal((await run(['webhook', 'redeliver', 'team', 'first'])).code, 2);
    assert.equal((await run(['webhook', 'test', 'team', 'nobody'])).code, 3);
  } finally {
    receiver.close();
  }
});

test('tags are made immutable, seen, and let go', async () => {
  await using registry = await serveRegistry();
  const { must, run } = registry;
  await must(['project', 'create', 'team']);
  assert.match(await must(['immutable', 'add', 'team', '**', '--except', '{latest,*-dev}']), /\*\* without \{latest/);
  assert.equal((await run(['immutable', 'add', 'team', '**', '--except', '{latest,*-dev}'])).code, 8);
  assert.match(await must(['immutable', 'ls', 'team']), /\d+ +\*\* +\{latest,\*-dev\} +\*\* +active/);
  const [rule] = JSON.parse(await must(['immutable', 'ls', 'team', '-o', 'json'])) as { id: number }[];
  assert.equal((await run(['immutable', 'rm', 'team', 'first', '--yes'])).code, 2);
  await must(['immutable', 'rm', 'team', String(rule?.id), '--yes']);
  assert.equal((await run(['immutable', 'rm', 'team', String(rule?.id), '--yes'])).code, 3);
});
