import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detailText } from './detail.ts';
import type { AuditEntry } from './types.ts';

const entry: AuditEntry = {
  action: 'update-robot',
  asker: { actor: { kind: 'anonymous' }, address: '192.0.2.1', requestId: 'r' },
  resource: 'robot$team+builder',
  outcome: 'success',
};

test('an entry without particulars has none', () => {
  assert.equal(detailText(entry), null);
});

test('what it was and what it is stand beside the particulars', () => {
  const text = detailText({ ...entry, detail: { size: 5 }, before: { days: 30 }, after: { days: 60 } });
  assert.deepEqual(JSON.parse(text ?? ''), { size: 5, before: { days: 30 }, after: { days: 60 } });
});

for (const name of [
  'password',
  'secret',
  'access_secret',
  'accessSecret',
  'auth_header',
  'private_key',
  'oidc_client_secret',
]) {
  test(`a ${name} that was put there by mistake is struck out, wherever it is`, () => {
    const text = detailText({ ...entry, after: { list: [{ [name]: 'canary', other: 'kept' }] } }) ?? '';
    assert.doesNotMatch(text, /canary/);
    assert.match(text, /kept/);
  });
}

test('settings about secrets are no secrets', () => {
  const after = { token_expiration: 30, robot_secret: true, oidc_verify_cert: 'true', secret: '' };
  assert.deepEqual(JSON.parse(detailText({ ...entry, after }) ?? ''), { after });
});

test('particulars without end are left out', () => {
  const text = detailText({ ...entry, after: { text: 'x'.repeat(40_000) } }) ?? '';
  assert.ok(text.length < 100);
  assert.match(text, /4\d{4} characters/);
});
