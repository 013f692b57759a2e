import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startTestRegistry } from '#testing/test-registry';

const folder = await mkdtemp(join(tmpdir(), 'entrepot-ldap-ca-'));
after(() => rm(folder, { recursive: true, force: true }));

for (const [what, text] of [
  ['no file', undefined],
  ['no certificate', 'x'],
  ['a broken certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
] as const) {
  test(`a registry that is to trust ${what} for LDAP says so and does not start`, async () => {
    const path = join(folder, `${what}.pem`);
    if (text !== undefined) await writeFile(path, text);
    await assert.rejects(startTestRegistry({ env: { ENTREPOT_AUTH_LDAP_CA: path } }), /^Error: auth\.ldap_ca: .*\.pem/);
  });
}
