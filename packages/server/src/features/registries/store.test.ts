import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { createSecretBox } from '#platform/crypto';
import { forEachDialect } from '#testing/databases';
import { createRegistries } from './service.ts';
import { createRegistryStore } from './store.ts';
import type { NewRegistry, RegistryStatus } from './types.ts';

const list = { conditions: [], sort: [], page: 1, pageSize: 10 };
const box = createSecretBox([randomBytes(32)]);

const aRegistry = (name: string, more: Partial<NewRegistry> = {}): NewRegistry & { status: RegistryStatus } => ({
  name,
  description: '',
  type: 'docker-registry',
  url: 'https://upstream.example',
  credentialType: 'basic',
  accessKey: 'puller',
  accessSecret: 'a secret',
  insecure: false,
  caCertificate: '',
  status: 'healthy',
  ...more,
});

forEachDialect('other registries', (on) => {
  test('are kept with a sealed secret that a change without one leaves', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createRegistryStore(db, box);
    const id = (await db.transact((tx) => store.insert(tx, aRegistry('one'), 5))) ?? 0;
    assert.equal(await db.transact((tx) => store.insert(tx, aRegistry('one'), 5)), undefined);
    assert.equal(await store.findSecret(id), 'a secret');
    assert.match(String((await place.query('select access_secret from registry'))[0]?.['access_secret']), /^sealed:1:/);
    const changed = aRegistry('renamed', { accessSecret: undefined, insecure: true });
    assert.equal(await db.transact((tx) => store.update(tx, id, changed, 6)), true);
    const found = await store.find(id);
    assert.deepEqual([found?.name, found?.insecure, found?.hasSecret, found?.updatedAt], ['renamed', true, true, 6]);
    assert.equal(await store.findSecret(id), 'a secret');
    await db.transact((tx) => store.insert(tx, aRegistry('two', { accessSecret: undefined }), 5));
    assert.equal(await db.transact((tx) => store.update(tx, id, aRegistry('two'), 6)), false);
    const unhealthy = { kind: 'is', field: 'status', value: 'unhealthy' } as const;
    assert.equal((await store.list({ ...list, conditions: [unhealthy] })).total, 0);
    assert.equal((await store.list(list)).total, 2);
    assert.equal(await db.transact((tx) => store.delete(tx, id)), true);
    assert.equal(await db.transact((tx) => store.delete(tx, id)), false);
  });

  test('are looked at now and then, and one that is used cannot be taken away', async () => {
    await using place = await on.open();
    const { db } = place;
    const store = createRegistryStore(db, box);
    const id = (await db.transact((tx) => store.insert(tx, aRegistry('one'), 5))) ?? 0;
    let healthy = false;
    const asked: (string | undefined)[] = [];
    const registries = createRegistries({
      store,
      transact: db.transact,
      audit: { write: async () => undefined },
      clock: Date.now,
      checkTarget: () => undefined,
      async checkConnection({ accessSecret }) {
        asked.push(accessSecret);
        return healthy;
      },
      findUse: async () => 'the project team',
    });
    await registries.checkAll();
    assert.deepEqual([(await store.find(id))?.status, asked], ['unhealthy', ['a secret']]);
    healthy = true;
    await registries.checkAll();
    assert.equal((await store.find(id))?.status, 'healthy');
    const asker = { actor: { kind: 'anonymous' }, address: '', requestId: '' } as const;
    await assert.rejects(registries.delete(asker, id), /is used by the project team/);
    assert.ok((await store.find(id)) !== undefined);
  });
});
