import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStrictJson, StrictJsonError } from './strict-json.ts';

const accepted = [
  '{}',
  '[]',
  ' {"a" : 1} \n',
  '{"a":{"a":{"a":[{"a":1},{"a":2}]}}}',
  '{"a":"a:\\"b\\":","b":"\\\\"}',
  '{"a":["a","a"],"b":"a"}',
  '[1,-2.5e3,1E-400,0]',
  '{"constructor":1,"toString":2}',
  '"text"',
  'null',
  `${'['.repeat(64)}${']'.repeat(64)}`,
  '{"[[[[{{{{":"]]]]"}',
];

for (const given of accepted) {
  test(`strict JSON reads ${given.slice(0, 40)}`, () => {
    assert.deepEqual(parseStrictJson(given), JSON.parse(given));
  });
}

const refused = [
  { name: 'nothing', given: '' },
  { name: 'a byte order mark', given: '\ufeff{}' },
  { name: 'trailing bytes', given: '{} {}' },
  { name: 'a trailing comma', given: '{"a":1,}' },
  { name: 'a comment', given: '{}//' },
  { name: 'NaN', given: '{"size":NaN}' },
  { name: 'Infinity', given: '{"size":Infinity}' },
  { name: '10^400', given: '{"size":1e400}' },
  { name: '-10^400', given: '[-1e400]' },
  { name: 'a number of 400 digits', given: `[${'9'.repeat(400)}]` },
  { name: 'a key twice', given: '{"config":1,"config":2}' },
  { name: 'a key twice, far apart', given: '{"config":1,"x":{"config":[]},"config":2}' },
  { name: 'a key twice, once escaped', given: '{"config":1,"c\\u006fnfig":2}' },
  { name: 'a key twice, with space before the colon', given: '{"a" \n:1,"a"\t:2}' },
  { name: 'a key twice inside an array', given: '[{"a":1},{"b":1,"b":2}]' },
  { name: 'a key twice after a string that looks like structure', given: '{"a":"{\\"","a":2}' },
  { name: '__proto__', given: '{"__proto__":{"polluted":true}}' },
  { name: '__proto__, escaped', given: '{"\\u005f_proto__":1}' },
  { name: '65 levels', given: `${'['.repeat(65)}${']'.repeat(65)}` },
  { name: 'a million levels', given: '['.repeat(1 << 20) },
  { name: 'an open string', given: '{"a' },
  { name: 'an open escape', given: '{"a\\' },
  { name: 'a broken escape in a key', given: '{"\\x":1}' },
  { name: 'a control character in a string', given: '{"a":"\n"}' },
];

for (const { name, given } of refused) {
  test(`strict JSON refuses ${name}`, () => {
    assert.throws(() => parseStrictJson(given), StrictJsonError);
  });
}

test('hostile text of four megabytes is judged in linear time', () => {
  const size = 4 << 20;
  const started = performance.now();
  for (const given of [
    '\\'.repeat(size),
    `"${'\\'.repeat(size)}`,
    '"'.repeat(size),
    `["${'\\"'.repeat(size / 2)}`,
    ' '.repeat(size),
    '1'.repeat(size),
    '{"a":'.repeat(size / 5),
  ]) {
    assert.throws(() => parseStrictJson(given), StrictJsonError);
  }
  assert.ok(performance.now() - started < 5000);
});
