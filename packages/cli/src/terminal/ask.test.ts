import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createTestContext } from '#testing/run-cli';
import { ask, askSecret, canAsk } from './ask.ts';
import { confirm } from './confirm.ts';

/** A person who types when asked. */
function createPerson(typed: string) {
  const { context, stderr } = createTestContext({ columns: 80 });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  stdin.write(typed);
  return { context: { ...context, stdin }, stderr };
}

test('an answer is read to the end of its line', async () => {
  const { context, stderr } = createPerson('ana \n');
  assert.equal(await ask(context, 'User: '), 'ana');
  assert.match(stderr(), /User: /);
});

test('a secret does not appear', async () => {
  const { context, stderr } = createPerson('s3cret\n');
  assert.equal(await askSecret(context, 'Password: '), 's3cret');
  assert.equal(stderr(), 'Password: \n');
});

test('yes goes on, anything else stops', async () => {
  await confirm(createPerson('y\n').context, 'Sure?', '--yes');
  await assert.rejects(confirm(createPerson('\n').context, 'Sure?', '--yes'), { name: 'InterruptError' });
});

test('nobody is asked without a terminal', async () => {
  const { context } = createTestContext();
  assert.equal(canAsk(context), false);
  await assert.rejects(confirm(context, 'Sure?', '--yes'), { name: 'UsageError' });
});

test('an interrupt ends the question', async () => {
  const ending = new AbortController();
  const { context } = createPerson('');
  const asked = ask({ ...context, signal: ending.signal }, 'User: ');
  ending.abort(new Error('over'));
  await assert.rejects(asked, { message: 'over' });
});

test('Ctrl-C and Ctrl-D at a question are interrupts', async () => {
  for (const key of ['\u0003', '\u0004']) {
    await assert.rejects(ask(createPerson(key).context, 'User: '), { name: 'InterruptError' });
    const { context, stderr } = createPerson(key);
    await assert.rejects(askSecret(context, 'Password: '), { name: 'InterruptError' });
    assert.equal(stderr(), 'Password: \n');
  }
});
