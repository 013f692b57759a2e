import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ContentMismatchError,
  PlatformNotFoundError,
  RegistryConnectionError,
  RegistryResponseError,
  RegistryTrustError,
} from '@entrepot/oci/client/errors';
import { OciNameError } from '@entrepot/oci/name-error';
import { exitCodeMeanings, exitCodeOf, exitCodes } from './exit-code.ts';
import { InterruptError, MissingError, PartialFailure, UnreachableError, UsageError } from './failures.ts';

const answered = (status: number, ...codes: string[]) => new RegistryResponseError(status, codes, 'said so');

const table: readonly { name: string; given: unknown; expected: number }[] = [
  { name: 'a missing manifest', given: answered(404, 'MANIFEST_UNKNOWN'), expected: 3 },
  { name: 'an answer without a body', given: answered(404), expected: 3 },
  { name: 'no credentials', given: answered(401, 'UNAUTHORIZED'), expected: 4 },
  { name: 'no permission', given: answered(403, 'DENIED'), expected: 4 },
  { name: 'a conflict', given: answered(409), expected: 8 },
  { name: 'an immutable tag', given: answered(412), expected: 8 },
  { name: 'a proxy that waited in vain', given: answered(504), expected: 6 },
  { name: 'a registry in trouble', given: answered(500), expected: 1 },
  { name: 'a broken connection', given: new RegistryConnectionError('gone'), expected: 6 },
  { name: 'an unknown host', given: new UnreachableError('ENOTFOUND', 'gone'), expected: 6 },
  { name: 'a redirect that is not safe', given: new RegistryTrustError('no'), expected: 6 },
  { name: 'a wrong command line', given: new UsageError('no'), expected: 2 },
  { name: 'a wrong name', given: new OciNameError('tag', 'no'), expected: 2 },
  { name: 'a missing file', given: new MissingError('no'), expected: 3 },
  { name: 'a missing platform', given: new PlatformNotFoundError('no'), expected: 3 },
  { name: 'damaged content', given: new ContentMismatchError('no'), expected: 1 },
  { name: 'an interrupt', given: new InterruptError('SIGINT'), expected: 130 },
  { name: 'a reader that left', given: new InterruptError('SIGPIPE'), expected: 141 },
  { name: 'some that failed', given: new PartialFailure('some', [answered(404)], 1), expected: 7 },
  { name: 'all that failed', given: new PartialFailure('all', [answered(404), answered(401)], 0), expected: 3 },
  { name: 'anything else', given: new TypeError('oops'), expected: 1 },
];

for (const { name, given, expected } of table) {
  test(`the exit code for ${name} is ${expected}`, () => {
    assert.equal(exitCodeOf(given), expected);
  });
}

test('every exit code has a meaning to show', () => {
  assert.deepEqual(Object.keys(exitCodeMeanings), Object.keys(exitCodes));
});
