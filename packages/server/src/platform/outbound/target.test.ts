import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { loadConfig } from '#platform/config';
import { isForbidden } from './forbidden-addresses.ts';
import { createTargetCheck } from './guarded-request.ts';

const configure = (env: Readonly<Record<string, string>> = {}) =>
  loadConfig({ flags: {}, env, readFile: () => '' }).config.outbound;

const refused = [
  'http://127.0.0.1/',
  'http://127.0.0.1:8080/hook',
  'https://[::1]/',
  'http://0.0.0.0/',
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00::7]/',
  'http://[fe80::1]/',
  'http://10.1.2.3/',
  'http://172.31.255.255/',
  'http://192.168.0.1/',
  'http://100.64.0.1/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:8.8.8.8]/',
  'http://[64:ff9b::808:808]/',
  'http://[2002:7f00:1::]/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://0x7f000001/',
  'http://127.1/',
  'http://0177.0.0.1/',
  'http://127.0.0.1./',
  'http://127。0。0。1/',
  'http://127.0.0.1/',
  'http://①②⑦.0.0.1/',
  'http://%31%32%37.0.0.1/',
  'http://8.8/',
  'http://localhost/',
  'http://LOCALHOST:8080/',
  'http://a.localhost/',
  'http://user@example.com/',
  'http://user:secret@example.com/',
  'http://example.com\\@127.0.0.1/',
  'http:\\\\example.com/',
  'http:/example.com/',
  'http:example.com',
  '//example.com/',
  ' http://example.com/',
  'ht\ntp://example.com/',
  'http://exa\tmple.com/',
  'gopher://example.com/',
  'file:///etc/passwd',
  'ftp://example.com/',
  'unix:/run/docker.sock',
  'javascript:alert(1)',
  'http://example.com:22/',
  'http://example.com:0/',
  'http://example.com:99999/',
  'http://',
  'http:///path',
  '',
  `http://example.com/${'a'.repeat(3000)}`,
];

for (const url of refused) {
  test(`a target ${JSON.stringify(url.slice(0, 60))} is refused by its text alone`, () => {
    assert.throws(
      () => createTargetCheck(configure())(url, 'targets.0.address'),
      (error) =>
        error instanceof RegistryError &&
        error.code === 'target-refused' &&
        error.message.startsWith('targets.0.address: ') &&
        error.message.length < 300,
    );
  });
}

for (const url of [
  'http://example.com',
  'https://example.com/hook?a=b#c',
  'https://EXAMPLE.com:8443/',
  'https://xn--r8jz45g.jp/',
  'http://8.8.8.8/',
  'http://[2606:4700::1111]:8080/',
  'http://my_service.example:1024/',
]) {
  test(`a target ${url} may be written down`, () => createTargetCheck(configure())(url, 'url'));
}

const allowed: readonly (readonly [allow: string, url: string, allows: boolean])[] = [
  ['10.0.0.0/8', 'http://10.1.2.3/', true],
  ['10.0.0.0/8', 'http://11.1.2.3:22/', false],
  ['10.0.0.0/8', 'http://10.1.2.3:22/', false],
  ['127.0.0.1', 'http://127.0.0.1:5000/', true],
  ['127.0.0.1', 'http://127.0.0.2:5000/', false],
  ['127.0.0.1', 'http://2130706433:5000/', false],
  ['127.0.0.1:22', 'http://127.0.0.1:22/', true],
  ['127.0.0.1:22', 'http://127.0.0.1:5000/', false],
  ['fd00::/8', 'http://[fd12::1]/', true],
  ['[fd00::1]:90', 'http://[fd00::1]:90/', true],
  ['localhost', 'http://localhost:5000/', true],
  ['Hub.Internal:443', 'https://hub.internal/', true],
];

for (const [allow, url, allows] of allowed) {
  test(`with outbound.allow ${allow}, ${url} is ${allows ? 'allowed' : 'refused'}`, () => {
    const check = () => createTargetCheck(configure({ ENTREPOT_OUTBOUND_ALLOW: allow }))(url, 'url');
    if (allows) check();
    else assert.throws(check, RegistryError);
  });
}

test('ports are those of outbound.ports', () => {
  const check = createTargetCheck(configure({ ENTREPOT_OUTBOUND_PORTS: '443, 8000-8999' }));
  check('https://example.com/', 'url');
  check('http://example.com:8000/', 'url');
  assert.throws(() => check('http://example.com/', 'url'), /port 80 /);
  assert.throws(() => check('http://example.com:9000/', 'url'), /port 9000 /);
});

test('what is no host, network or port does not start a registry', () => {
  for (const text of ['http://a', 'a:0', 'a:70000', '10.0.0.0/40', 'a b', '*.internal', '[fd00::zz]:1']) {
    assert.throws(() => configure({ ENTREPOT_OUTBOUND_ALLOW: text }), /outbound\.allow/, text);
  }
  for (const text of ['0', '80-', '90-80', '70000', 'http']) {
    assert.throws(() => configure({ ENTREPOT_OUTBOUND_PORTS: text }), /outbound\.ports/, text);
  }
});

test('addresses that are nobody’s outside are known', () => {
  for (const address of [
    '192.0.2.1',
    '198.51.100.9',
    '203.0.113.1',
    '224.0.0.1',
    '255.255.255.255',
    '2001:db8::1',
    '2001::1',
    'ff02::1',
    '::',
    '64:ff9b:1::1',
    'fec0::1',
    '5f00::1',
    '3fff::1',
  ]) {
    assert.equal(isForbidden(address), true, address);
  }
  for (const address of ['1.1.1.1', '100.128.0.1', '172.32.0.1', '223.255.255.255', '2606:4700::1', '2a00::1']) {
    assert.equal(isForbidden(address), false, address);
  }
});
