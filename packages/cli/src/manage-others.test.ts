import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { randomImage } from '@entrepot/oci/testing/random-image';
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

test('what a project keeps is said, tried, run and read', async () => {
  await using registry = await serveRegistry();
  await using double = await startRegistryDouble();
  const { host, must, run } = registry;
  await must(['project', 'create', 'team']);
  for (const [seed, tag] of [
    [1, 'v1'],
    [2, 'v2'],
  ] as const) {
    double.put('a/b', randomImage({ seed }), tag);
    await must(['copy', `${double.host}/a/b:${tag}`, `${host}/team/app:${tag}`]);
  }
  assert.equal((await run(['retention', 'show', 'team'])).code, 3);
  assert.equal((await run(['retention', 'set', 'team', '--keep', 'newest=3'])).code, 2);
  await must([
    'retention',
    'set',
    'team',
    '--keep',
    'always tags=v2',
    '--keep',
    'latestPushedK=5 tags=x*',
    '--schedule',
    '0 0 3 * * *',
  ]);
  assert.match(
    await must(['retention', 'show', 'team']),
    /1 +always +v2 +active\n2 +latestPushedK=5 +x\* +active\nBy itself: 0 0 3/,
  );
  await must(['retention', 'set', 'team', '--keep', 'always tags=v2']);
  assert.match(await must(['retention', 'show', 'team']), /By itself: 0 0 3/, 'it runs as before');
  const simulated = await must(['retention', 'simulate', 'team']);
  assert.match(simulated, /delete +team\/app@sha256:\w+ +v1 +\S+ ?\w* +no rule keeps it/);
  assert.match(simulated, /1 of 2 artifacts would go, which frees/);
  assert.match(await must(['retention', 'simulate', 'team', '--keep', 'always']), /0 of 2 artifacts/);
  assert.match(await must(['retention', 'run', 'team', '--dry-run']), /team\/app +2 +1 +1/);
  assert.match(await must(['ls', `${host}/team/app`]), /v1/);
  const ran = await must(['retention', 'run', 'team']);
  assert.match(ran, /REPOSITORY +ARTIFACTS +KEPT +DELETED\nteam\/app +2 +1 +1\n/);
  assert.doesNotMatch(await must(['ls', `${host}/team/app`]), /v1/);
  const [, number = ''] = /retention log team (\d+)/.exec(ran) ?? [];
  assert.match(await must(['retention', 'log', 'team', number]), /delete sha256:\w+ \(v1\): no rule keeps it/);
  assert.match(await must(['retention', 'runs', 'team']), new RegExp(`${number} +\\S+ +Manual +Succeed`));
  await must(['retention', 'rm', 'team', '--yes']);
  assert.equal((await run(['retention', 'run', 'team'])).code, 3);
});
