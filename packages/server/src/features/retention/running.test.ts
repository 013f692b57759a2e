import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRunning } from './running.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const cases: readonly (readonly [
  string,
  readonly [string | undefined, string | undefined, string | undefined] | undefined,
])[] = [
  [`hub.example.com/team/app:v1`, ['team/app', 'v1', undefined]],
  [`hub.example.com:5000/team/a/b:v1@${digest}`, ['team/a/b', 'v1', digest]],
  [`docker-pullable://hub.example.com/team/app@${digest}`, ['team/app', undefined, digest]],
  ['team/app', ['team/app', 'latest', undefined]],
  [digest, [undefined, undefined, digest]],
  ['hub.example.com/other/app:v1', undefined],
  ['hub.example.com/other/team/app:v1', undefined],
  ['team', undefined],
  ['hub.example.com/team', undefined],
  ['team/app@sha256:short', undefined],
  ['', undefined],
];
for (const [text, expected] of cases) {
  test(`a cluster that runs ${text} means ${expected?.join(' ') ?? 'nothing of the project'}`, () => {
    const found = readRunning(text, 'team');
    assert.deepEqual(found && [found.repository, found.tag, found.digest], expected);
  });
}
