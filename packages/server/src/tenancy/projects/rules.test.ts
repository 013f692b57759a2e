import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { assertProjectName, projectNameOf } from './rules.ts';

for (const name of ['a', 'library', 'my-team', 'my--team', 'a.b_c__d-e', '0', '123', 'a'.repeat(255)]) {
  test(`a project may be called ${name.slice(0, 20)}`, () => assertProjectName(name));
}

for (const name of [
  '',
  'A',
  'my team',
  'a/b',
  '-a',
  'a-',
  '.a',
  'a.',
  'a..b',
  'a___b',
  '_catalog',
  '..',
  'a\n',
  'a\0',
  'ü',
  'a%2fb',
  'a'.repeat(256),
  '__proto__',
]) {
  test(`no project is called ${JSON.stringify(name.slice(0, 20))}`, () => {
    assert.throws(
      () => assertProjectName(name),
      (error) => error instanceof RegistryError && error.code === 'name-invalid' && error.message.length < 400,
    );
  });
}

test('a repository belongs to the project before its first slash', () => {
  assert.equal(projectNameOf('team/app'), 'team');
  assert.equal(projectNameOf('team/app/sub'), 'team');
  assert.equal(projectNameOf('team'), 'team');
});
