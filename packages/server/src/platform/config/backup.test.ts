import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '#platform/config';

const load = (env: Readonly<Record<string, string>>) =>
  loadConfig({ flags: {}, env, readFile: () => '' }).config.backup;

test('without a place nothing is shipped, with one every ten seconds', () => {
  assert.equal(load({}), null);
  assert.deepEqual(load({ ENTREPOT_BACKUP_TO: '/mnt/backup' }), {
    to: '/mnt/backup',
    shipIntervalMs: 10_000,
    snapshotIntervalMs: 86_400_000,
    keep: 7,
    copiesBlobs: true,
    keyFile: undefined,
  });
  assert.equal(load({ ENTREPOT_BACKUP_TO: 's3://backups/hub?region=eu-1' })?.to, 's3://backups/hub?region=eu-1');
  assert.equal(load({ ENTREPOT_BACKUP_TO: '/mnt/backup', ENTREPOT_BLOBS_S3_BUCKET: 'blobs' })?.copiesBlobs, false);
});

test('a place that is none, one for PostgreSQL, and settings without a place are refused', () => {
  assert.throws(() => load({ ENTREPOT_BACKUP_TO: 'ftp://backups/hub' }), /backup\.to.*a folder, or s3:/s);
  assert.throws(() => load({ ENTREPOT_BACKUP_KEEP: '3' }), /backup\.to.*since backup\.keep is set/s);
  const both = { ENTREPOT_BACKUP_TO: '/mnt/backup', ENTREPOT_DATABASE_URL: 'postgres://u:p@localhost/db' };
  assert.throws(() => load(both), /backup\.to.*PostgreSQL ships its own log/s);
});
