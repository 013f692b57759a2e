import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Desk, operations } from '#torture/operations';
import { Ledger } from '#torture/ledger';
import { makeChance } from '#torture/random';
import { verify } from '#torture/verify';
import { useRegistry } from '#support/use-registry';

const registry = await useRegistry();

/** A ledger of some pushes, with the registry as it should be. */
async function aDesk(): Promise<Desk> {
  const ledger = new Ledger(registry.repository());
  const desk = { client: registry.client, ledger, others: [], chance: makeChance(ledger.repository) };
  for (const name of ['pushWhole', 'pushInChunks', 'pushWhole', 'pushImage', 'retag', 'pushIndex'] as const)
    await operations[name](desk);
  await verify(registry.client, ledger, true);
  return desk;
}

// The crash tests are worth what their eye for losses is worth.
test('the crash tests would see a lost blob', async () => {
  const { client, ledger, chance } = await aDesk();
  await operations.pushWhole({ client, ledger, others: [], chance });
  const digest = ledger.blobsThere().find((one) => !ledger.isNamed(one));
  await client.expect(202, 'DELETE', `/v2/${ledger.repository}/blobs/${digest}`);
  await assert.rejects(verify(client, ledger, true), /was acknowledged and is lost/);
});

test('the crash tests would see a lost manifest', async () => {
  const { client, ledger } = await aDesk();
  const digest = ledger.manifestsThere().find((one) => !ledger.isNamed(one));
  await client.expect(202, 'DELETE', `/v2/${ledger.repository}/manifests/${digest}`);
  await assert.rejects(verify(client, ledger, true), /was acknowledged and is lost|points at undefined/);
});

test('the crash tests would see a tag that points elsewhere', async () => {
  const { client, ledger } = await aDesk();
  const [digest] = ledger.manifestsThere();
  ledger.moveTag('moved', digest)();
  await assert.rejects(verify(client, ledger, false), /tag moved points at undefined/);
});

test('the crash tests would see what was deleted and came back', async () => {
  const { client, ledger } = await aDesk();
  const [digest] = ledger.blobsThere();
  const blob = ledger.blobs.get(digest ?? '');
  assert.ok(blob);
  blob.standing = 'gone';
  await assert.rejects(verify(client, ledger, true), /was deleted and is back/);
});

test('the crash tests would see acknowledged bytes of an upload that are gone', async () => {
  const { client, ledger } = await aDesk();
  const location = await client.startUpload(ledger.repository);
  ledger.uploads.set(location, { location, bytes: Buffer.alloc(10), acknowledged: 5, sent: 5 });
  await assert.rejects(verify(client, ledger, false), /an upload has 1 bytes|an upload has 0 bytes/);
});
