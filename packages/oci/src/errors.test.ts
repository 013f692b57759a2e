import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ociErrors } from './errors.ts';

test('an error body has one entry, and a detail only when there is one', () => {
  assert.deepEqual(ociErrors('DENIED', 'no'), { errors: [{ code: 'DENIED', message: 'no' }] });
  assert.deepEqual(ociErrors('DENIED', 'no', null), { errors: [{ code: 'DENIED', message: 'no', detail: null }] });
});
