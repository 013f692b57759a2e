import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from './read-options.ts';
import type { OptionSpec } from './verb.ts';

const specs = {
  output: {
    kind: 'choice',
    flags: '-o, --output <f>',
    describes: '',
    choices: ['json', 'yaml'],
    default: 'json',
    env: 'OUT',
  },
  jobs: { kind: 'integer', flags: '--jobs <n>', describes: '', min: 1, max: 8 },
  dryRun: { kind: 'flag', flags: '--dry-run', describes: '' },
  platform: { kind: 'list', flags: '--platform <p>', describes: '' },
} satisfies Record<string, OptionSpec>;

test('the command line wins over the variable, the variable over the default', () => {
  assert.equal(readOptions(specs, {}, {})['output'], 'json');
  assert.equal(readOptions(specs, {}, { OUT: 'yaml' })['output'], 'yaml');
  assert.equal(readOptions(specs, {}, { OUT: '' })['output'], 'json');
  assert.equal(readOptions(specs, { output: 'json' }, { OUT: 'yaml' })['output'], 'json');
});

test('what is not given is absent, false or empty', () => {
  assert.deepEqual(readOptions(specs, {}, {}), { output: 'json', jobs: undefined, dryRun: false, platform: [] });
  assert.equal(readOptions(specs, { dryRun: true, jobs: '4' }, {})['jobs'], 4);
});

test('what cannot be read is told with its source', () => {
  assert.throws(() => readOptions(specs, {}, { OUT: 'xml' }), { message: 'OUT is "xml"; expected one of json, yaml' });
  assert.throws(() => readOptions(specs, { jobs: '9' }, {}), {
    message: '--jobs is "9"; expected a whole number from 1 to 8',
  });
  assert.throws(() => readOptions(specs, { jobs: '1e1' }, {}), { name: 'UsageError' });
});
