import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseHost, chooseHostOrAll, looksLikeHost, parseHost } from './host.ts';

const hosts: readonly [string, string | undefined][] = [
  ['r.example', 'r.example'],
  ['r.example:5000', 'r.example:5000'],
  ['localhost', 'localhost'],
  ['registry', 'registry'],
  ['[::1]:5000', '[::1]:5000'],
  ['https://r.example/', 'r.example'],
  ['index.docker.io', 'docker.io'],
  ['r.example/team', undefined],
  ['http://r.example', undefined],
  ['oci:dir', undefined],
  ['r.example:port', undefined],
  ['', undefined],
];

for (const [text, expected] of hosts) {
  test(`${JSON.stringify(text)} is ${expected === undefined ? 'no host' : `the host ${expected}`}`, () => {
    if (expected === undefined) {
      assert.throws(() => parseHost(text), { name: 'UsageError' });
    } else {
      assert.equal(parseHost(text), expected);
    }
  });
}

const looks: readonly [string, boolean][] = [
  ['r.example', true],
  ['localhost', true],
  ['127.0.0.1:5000', true],
  ['[::1]:5000', true],
  ['registry/', true],
  ['alpine', false],
  ['team/app', false],
  ['oci:dir', false],
  ['docker-archive:s.tar', false],
];

for (const [text, expected] of looks) {
  test(`${text} ${expected ? 'names' : 'does not name'} a host alone`, () => {
    assert.equal(looksLikeHost(text), expected);
  });
}

test('ENTREPOT_HOST stands in for a host that is not named', () => {
  assert.equal(chooseHost(undefined, { ENTREPOT_HOST: 'r.example' }), 'r.example');
  assert.throws(() => chooseHost(undefined, {}), { name: 'UsageError' });
  assert.equal(chooseHostOrAll(undefined, true, { ENTREPOT_HOST: 'r.example' }), undefined);
  assert.throws(() => chooseHostOrAll('r.example', true, {}), { name: 'UsageError' });
});
