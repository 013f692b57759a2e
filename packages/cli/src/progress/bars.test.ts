import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CopyEvent } from '@entrepot/oci/client/copy-run';
import { toDigest } from '@entrepot/oci/digest';
import { createTestContext } from '#testing/run-cli';
import { startProgress } from './start-progress.ts';

const digest = toDigest('sha256', 'ab'.repeat(32));
const size = 2 * 1024 * 1024;
const events: readonly CopyEvent[] = [
  { kind: 'blob-started', digest, size },
  { kind: 'blob-progress', digest, bytes: size / 2 },
];

const escape = '\u001b';
const up = new RegExp(`^${escape}\\[(\\d+)A`);
const codes = new RegExp(`${escape}\\[\\d*[AJm]|\\r`, 'g');

/** What a terminal shows in the end: later lines over earlier ones. */
function screenOf(written: string): string[] {
  const lines: string[] = [];
  for (const part of written.split(new RegExp(`(?=${escape}\\[\\d+A)`))) {
    lines.splice(lines.length - Number(up.exec(part)?.[1] ?? 0));
    lines.push(...part.replaceAll(codes, '').split('\n').slice(0, -1));
  }
  return lines;
}

test('a bar shows how far a transfer is', () => {
  const { context, stderr } = createTestContext({ columns: 80, env: { NO_COLOR: '1' } });
  {
    using progress = startProgress('auto', context);
    events.forEach(progress.onEvent);
    progress.note('a step');
    assert.deepEqual(screenOf(stderr()), [
      'a step',
      `abababababab  ${'█'.repeat(15)}${'░'.repeat(15)}  1.00 MiB / 2.00 MiB`,
    ]);
  }
  assert.deepEqual(screenOf(stderr()), ['a step']);
});

test('what is done stays as a line, and bars leave nothing behind', () => {
  const { context, stderr } = createTestContext({ columns: 80 });
  {
    using progress = startProgress('bar', context);
    events.forEach(progress.onEvent);
    progress.note('painted');
    progress.onEvent({ kind: 'blob-done', digest, size, how: 'uploaded' });
    progress.onEvent({ kind: 'manifest-done', digest, how: 'present' });
  }
  assert.deepEqual(screenOf(stderr()), [
    'painted',
    'abababababab  2.00 MiB  copied',
    'abababababab  manifest  there already',
  ]);
});

test('no line is wider than the terminal', () => {
  const { context, stderr } = createTestContext({ columns: 45, env: { NO_COLOR: '1' } });
  using progress = startProgress('bar', context);
  events.forEach(progress.onEvent);
  progress.note('');
  assert.ok(screenOf(stderr()).every((line) => line.length < 45));
});

test('bytes that are sent again do not count twice', () => {
  const { context, stderr } = createTestContext({ columns: 80, env: { NO_COLOR: '1' } });
  using progress = startProgress('bar', context);
  [...events, ...events.slice(1), ...events.slice(1)].forEach(progress.onEvent);
  progress.note('');
  assert.match(screenOf(stderr()).at(-1) ?? '', / 2\.00 MiB \/ 2\.00 MiB$/);
});

const silences: readonly [string, Parameters<typeof startProgress>[0], Parameters<typeof createTestContext>[0]][] = [
  ['off a terminal', 'auto', {}],
  ['on a dumb terminal', 'auto', { columns: 80, env: { TERM: 'dumb' } }],
  ['when it is not wanted', 'none', { columns: 80 }],
];

for (const [name, kind, options] of silences) {
  test(`there is no progress ${name}`, () => {
    const { context, stderr } = createTestContext(options);
    using progress = startProgress(kind, context);
    progress.onEvent({ kind: 'blob-done', digest, size, how: 'mounted' });
    progress.note('a step');
    assert.equal(stderr(), '');
  });
}

test('bars off a terminal become lines', () => {
  const { context, stderr } = createTestContext();
  using progress = startProgress('bar', context);
  progress.onEvent({ kind: 'blob-done', digest, size, how: 'mounted' });
  assert.equal(stderr(), 'abababababab  2.00 MiB  mounted\n');
});
