import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import type { Reply } from './exchange.ts';
import { isFault, ociErrorReply, toRegistryError } from './oci-error.ts';
import { problemTable } from './problem-table.ts';

function textOf({ body }: Reply): string {
  assert.ok(typeof body === 'string');
  return body;
}

const codes = Object.keys(problemTable) as ErrorCode[];

/** The codes of the specification, and no others. */
const specified = new Set([
  'BLOB_UNKNOWN',
  'BLOB_UPLOAD_INVALID',
  'BLOB_UPLOAD_UNKNOWN',
  'DIGEST_INVALID',
  'MANIFEST_BLOB_UNKNOWN',
  'MANIFEST_INVALID',
  'MANIFEST_UNKNOWN',
  'NAME_INVALID',
  'NAME_UNKNOWN',
  'SIZE_INVALID',
  'UNAUTHORIZED',
  'DENIED',
  'UNSUPPORTED',
  'TOOMANYREQUESTS',
]);

for (const code of codes) {
  test(`${code} is shown with a status of its kind and a code of the specification`, () => {
    const reply = ociErrorReply(new RegistryError(code, 'what is wrong', { detail: { field: 1 }, retryAfter: 7 }));
    const headers = reply.headers;
    const header = (name: string) => headers[headers.indexOf(name) + 1];
    const body = JSON.parse(textOf(reply)) as { errors: { code: string; message: string; detail: unknown }[] };
    assert.ok(reply.status >= 400 && reply.status < 600);
    assert.equal(header('Content-Type'), 'application/json');
    assert.equal(header('Content-Length'), String(Buffer.byteLength(textOf(reply))));
    assert.equal(header('Retry-After'), '7');
    assert.equal(body.errors.length, 1);
    assert.ok(specified.has(body.errors[0]?.code ?? ''), String(body.errors[0]?.code));
    assert.equal(body.errors[0]?.message, 'what is wrong');
    assert.deepEqual(body.errors[0]?.detail, { field: 1 });
    assert.match(problemTable[code].harbor, /^[A-Z_]+$/);
  });
}

test('a message of any letters has the length that is said', () => {
  const reply = ociErrorReply(new RegistryError('name-invalid', 'ü 🐋 "quoted" \u2028 \u0007'));
  assert.equal(reply.headers[reply.headers.indexOf('Content-Length') + 1], String(Buffer.byteLength(textOf(reply))));
});

test('what nobody expected is shown as an id and never as its message', () => {
  const secret = new Error('connect to postgres://user:canary-password@db failed at /srv/secret/path');
  for (const thrown of [secret, 'canary text', { canary: true }, undefined, null]) {
    const error = toRegistryError(thrown, 'request-1');
    assert.equal(error.code, 'internal');
    assert.match(error.message, /request-1/);
    const shown = JSON.stringify([ociErrorReply(error), error.detail]);
    assert.doesNotMatch(shown, /canary|postgres|secret/);
    assert.equal(error.cause, thrown);
  }
});

test('what was thrown on purpose is shown as it is', () => {
  const error = new RegistryError('blob-not-found', 'no');
  assert.equal(toRegistryError(error, 'x'), error);
});

test('our own faults are told to the operator, mistakes of clients are not', () => {
  const faults = codes.filter((code) => isFault(new RegistryError(code, 'x')));
  assert.deepEqual(faults.toSorted(), ['internal', 'storage-failed', 'storage-full']);
  for (const code of faults) assert.ok(problemTable[code].status >= 500, code);
});

test('every status of 500 or above is a fault, says when to come back, or names what is not there yet', () => {
  const silent = codes.filter((code) => problemTable[code].status >= 500 && !isFault(new RegistryError(code, 'x')));
  assert.deepEqual(silent.toSorted(), ['not-implemented', 'unavailable']);
});
