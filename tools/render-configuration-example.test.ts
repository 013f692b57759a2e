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

function without(section: string, text: string): string {
  return text.replace(new RegExp(`^${section}:\\n(?: .*\\n)+`, 'm'), '');
}

test('the example with everything uncommented is understood', () => {
  // An authority is of use only when clients are asked for certificates, which is not the default.
  const whole = uncomment(example).replace(/^ {2}client_auth: none$/m, '  client_auth: optional');
  const fleet = load(without('backup', whole)).config;
  assert.deepEqual([fleet.blobs.kind, fleet.database.kind, fleet.backup], ['s3', 'postgres', null]);
  // Only SQLite is shipped by the registry itself.
  const shipping = load(without('database', whole)).config;
  assert.deepEqual([shipping.blobs.kind, shipping.database.kind, shipping.backup?.keep], ['s3', 'sqlite', 7]);
});

test('the example names every key', () => {
  const names = new Set([...uncomment(example).matchAll(/^ *([a-z0-9_]+):/gm)].map((match) => match[1]));
  for (const { key } of configTable) assert.ok(names.has(key.split('.').at(-1)), key);
});
