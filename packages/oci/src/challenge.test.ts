import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBasicChallenge, formatBearerChallenge, parseChallenges } from './challenge.ts';

/** The challenges with ordinary objects, for comparing. */
function plain(header: string | readonly string[]) {
  return parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, parameters: { ...parameters } }));
}

test('a Bearer challenge quotes every value and is read back', () => {
  const given = {
    realm: 'https://hub.example/service/token',
    service: 'entrepot',
    scope: 'repository:a:pull,push repository:b:pull',
    error: 'insufficient_scope',
  };
  const header = formatBearerChallenge(given);
  assert.equal(
    header,
    'Bearer realm="https://hub.example/service/token",service="entrepot",' +
      'scope="repository:a:pull,push repository:b:pull",error="insufficient_scope"',
  );
  assert.deepEqual(plain(header), [{ scheme: 'bearer', parameters: given }]);
});

test('values cannot leave their quotes or their header', () => {
  const header = formatBearerChallenge({ realm: 'a"b\\c\r\nSet-Cookie: x', service: 's' });
  assert.ok(!/[\r\n]/.test(header));
  assert.deepEqual(plain(header), [{ scheme: 'bearer', parameters: { realm: 'a"b\\cSet-Cookie: x', service: 's' } }]);
  assert.deepEqual(plain(formatBasicChallenge('my "realm"')), [
    { scheme: 'basic', parameters: { realm: 'my "realm"', charset: 'UTF-8' } },
  ]);
});

const table = [
  { header: '', expected: [] },
  { header: 'Basic', expected: [{ scheme: 'basic', parameters: {} }] },
  { header: 'Negotiate YWJj==', expected: [{ scheme: 'negotiate', parameters: { token68: 'YWJj==' } }] },
  {
    header: 'Bearer realm="https://a/t",service="s", Basic realm="x"',
    expected: [
      { scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's' } },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ],
  },
  {
    header: ['Negotiate', 'Basic realm="x, y=\\"z\\""'],
    expected: [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'x, y="z"' } },
    ],
  },
  {
    header: 'bearer Realm = "https://a/t" , SERVICE=s',
    expected: [{ scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's' } }],
  },
  {
    header: 'Bearer realm=https://a/t?x=y,service=s',
    expected: [{ scheme: 'bearer', parameters: { realm: 'https://a/t?x=y', service: 's' } }],
  },
  { header: 'Bearer realm="a",realm="b"', expected: [{ scheme: 'bearer', parameters: { realm: 'a' } }] },
  { header: 'Bearer realm="unclosed', expected: [{ scheme: 'bearer', parameters: { realm: 'unclosed' } }] },
  { header: 'Bearer realm=', expected: [{ scheme: 'bearer', parameters: { token68: 'realm=' } }] },
  {
    header: '"stray" ,,, Basic realm=""',
    expected: [
      { scheme: 'stray', parameters: {} },
      { scheme: 'basic', parameters: { realm: '' } },
    ],
  },
];

for (const { header, expected } of table) {
  test(`the challenge ${JSON.stringify(header).slice(0, 60)} is read`, () => {
    assert.deepEqual(plain(header), expected);
  });
}

test('parameters named like object members do no harm', () => {
  const [challenge] = parseChallenges('Basic __proto__="x",constructor="y"');
  assert.equal(challenge?.parameters['constructor'], 'y');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('hostile headers of a megabyte are read in linear time', () => {
  const started = performance.now();
  for (const piece of ['"', 'a', 'a ', 'a=', '\\', 'a="', ' ', ',', 'a \t', '=', 'a=b ']) {
    parseChallenges(`Basic ${piece.repeat((1 << 20) / piece.length)}`);
  }
  assert.ok(performance.now() - started < 5000);
});
