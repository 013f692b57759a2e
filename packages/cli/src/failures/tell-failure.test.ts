import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryConnectionError, RegistryResponseError } from '@entrepot/oci/client/errors';
import { createTestContext } from '#testing/run-cli';
import { noteFailure } from './failure-facts.ts';
import { InterruptError } from './failures.ts';
import { tellFailure } from './tell-failure.ts';

function denied(authenticated: boolean): RegistryResponseError {
  const error = new RegistryResponseError(
    401,
    ['UNAUTHORIZED'],
    'GET https://r.example/v2/a/b answered 401: UNAUTHORIZED',
  );
  noteFailure(error, { registry: 'r.example', repository: 'a/b', authenticated, management: false });
  return error;
}

test('a failure is a sentence with what the registry said, then a hint with the mend', () => {
  const { context, stderr } = createTestContext();
  assert.equal(tellFailure(context, denied(false), 'text'), 4);
  assert.equal(
    stderr(),
    'error: GET https://r.example/v2/a/b answered 401: UNAUTHORIZED.\nhint: log in first: entrepot login r.example\n',
  );
});

test('a refusal of credentials that were sent does not ask to log in first', () => {
  const { context, stderr } = createTestContext();
  tellFailure(context, denied(true), 'text');
  assert.match(stderr(), /hint: the credentials for r\.example do not permit this/);
});

test('a failure for scripts is one JSON document with the code of the registry', () => {
  const { context, stderr } = createTestContext();
  tellFailure(context, denied(false), 'json');
  assert.deepEqual(JSON.parse(stderr()), {
    error: {
      code: 'UNAUTHORIZED',
      message: 'GET https://r.example/v2/a/b answered 401: UNAUTHORIZED',
      http: 401,
      hint: 'log in first: entrepot login r.example',
    },
  });
});

test('the hint for a failed connection comes from the cause', () => {
  const { context, stderr } = createTestContext();
  const cause = Object.assign(new Error('self signed'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  tellFailure(context, new RegistryConnectionError('GET https://r.example/v2/ failed', { cause }), 'text');
  assert.match(stderr(), /--ca-file/);
});

test('a file that does not exist is named in words', () => {
  const { context, stderr } = createTestContext();
  const error = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', path: '/no/such' });
  tellFailure(context, error, 'text');
  assert.equal(stderr(), 'error: /no/such does not exist.\n');
});

test('nothing is said to a reader that left', () => {
  const { context, stderr } = createTestContext();
  assert.equal(tellFailure(context, new InterruptError('SIGPIPE'), 'text'), 141);
  assert.equal(stderr(), '');
});

test('colours are for terminals, and NO_COLOR takes them away', () => {
  const colourful = createTestContext({ columns: 80 });
  tellFailure(colourful.context, new Error('x'), 'text');
  assert.ok(colourful.stderr().startsWith('\u001b[31merror:'));
  const plain = createTestContext({ columns: 80, env: { NO_COLOR: '1' } });
  tellFailure(plain.context, new Error('x'), 'text');
  assert.equal(plain.stderr(), 'error: x.\n');
});
