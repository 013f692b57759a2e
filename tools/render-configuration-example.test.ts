import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configTable, loadConfig } from '#server/platform/config';

const example = readFileSync(join(import.meta.dirname, '../docs/reference/entrepot.example.yaml'), 'utf8');

function load(text: string): ReturnType<typeof loadConfig> {
  return loadConfig({ flags: { config: 'entrepot.example.yaml' }, env: {}, readFile: () => text });
}

/** Takes the mark away from keys and sections; explanations have a space after it. */
function uncomment(text: string): string {
  return text.replaceAll(/^#(?! \S)/gm, '');
}

test('the example as it stands changes nothing', () => {
  assert.deepEqual(load(example).config, loadConfig({ flags: {}, env: {}, readFile: () => '' }).config);
});

test('the example with everything uncommented is understood', () => {
  const whole = uncomment(example);
  // An authority is of use only when clients are asked for certificates, which is not the default.
  const { config } = load(whole.replace(/^ {2}client_auth: none$/m, '  client_auth: optional'));
  assert.equal(config.blobs.kind, 's3');
  assert.equal(config.database.kind, 'postgres');
});

test('the example names every key', () => {
  const names = new Set([...uncomment(example).matchAll(/^ *([a-z0-9_]+):/gm)].map((match) => match[1]));
  for (const { key } of configTable) assert.ok(names.has(key.split('.').at(-1)), key);
});
