import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { createLog, type LogOptions } from './logger.ts';

function open(options: Partial<LogOptions> = {}) {
  let text = '';
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  const log = createLog({ level: 'info', format: 'json', ...options }, out);
  return { logger: log.forPlace('room:folder'), lines: () => text.split('\n').filter((line) => line !== '') };
}

/** Names and tags as an attacker would choose them. */
const hostile = [
  'a\r\n{"level":"info","msg":"forged"}',
  'a\n2026-01-01T00:00:00.000Z ERROR forged',
  'a\u2028b\u2029c\u0085d',
  '\u001b[2K\u001b[1A forged',
  '"}\n{"level":"error"',
  '\0',
  '\ud800',
  '%s %d %o',
];

test('a record has time, level, place, fields and one sentence', () => {
  const { logger, lines } = open();
  logger.warn({ purged: 3 }, 'Removed abandoned uploads.');
  const record = JSON.parse(lines()[0] ?? '') as Record<string, unknown>;
  assert.match(String(record['time']), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assert.deepEqual(
    { ...record, time: '' },
    {
      level: 'warn',
      time: '',
      logger: 'room:folder',
      purged: 3,
      msg: 'Removed abandoned uploads.',
    },
  );
});

for (const format of ['json', 'text'] as const) {
  for (const text of hostile) {
    test(`${JSON.stringify(text)} forges no second line as ${format}`, () => {
      const { logger, lines } = open({ format });
      logger.info({ userAgent: text, nested: { [text]: text } }, text);
      logger.error({ error: new RegistryError('name-invalid', text, { cause: new Error(text) }) }, 'Failed.');
      assert.equal(lines().length, 2);
      for (const line of lines()) assert.ok(Buffer.from(line).every((byte) => byte >= 0x20));
      if (format === 'json') for (const line of lines()) JSON.parse(line);
    });
  }

  test(`what is below the level is not written as ${format}`, () => {
    const { logger, lines } = open({ format, level: 'warn' });
    logger.debug({}, 'no');
    logger.info({}, 'no');
    logger.warn({}, 'yes');
    logger.error({}, 'yes');
    assert.equal(lines().length, 2);
  });
}

test('an error is written with its message and its cause', () => {
  const { logger, lines } = open();
  logger.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'Failed.');
  assert.match(lines()[0] ?? '', /outer/);
  assert.match(lines()[0] ?? '', /inner/);
});

test('text for a person has one line with all that is known', () => {
  const { logger, lines } = open({ format: 'text' });
  logger.info({ address: 'http://[::1]:5080' }, 'Entrepot is ready.');
  assert.match(
    lines()[0] ?? '',
    /^\d{4}-\S+Z INFO {2}room:folder Entrepot is ready\. \{"address":"http:\/\/\[::1\]:5080"\}$/,
  );
});
