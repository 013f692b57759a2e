import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { createFindOrigin, type OriginOptions } from './find-origin.ts';

interface Given {
  readonly peer: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly encrypted?: boolean;
}

function originOf(options: Partial<OriginOptions>, { peer, headers = {}, encrypted = false }: Given) {
  const request = { socket: { remoteAddress: peer, encrypted }, headers: { host: 'hub.example', ...headers } };
  const find = createFindOrigin({ externalUrl: undefined, trustedProxies: [], ...options });
  return find(request as unknown as IncomingMessage);
}

const behindProxies: Partial<OriginOptions> = { trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.7'] };
const forwarded = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'hub.example:8443',
};

test('a request tells its address and the name it used itself', () => {
  assert.deepEqual(originOf({}, { peer: '198.51.100.4' }), {
    address: '198.51.100.4',
    base: 'http://hub.example',
    prefix: '',
    secure: false,
  });
  assert.equal(originOf({}, { peer: '198.51.100.4', encrypted: true }).base, 'https://hub.example');
});

test('forwarding headers of a stranger change nothing', () => {
  const plain = originOf(behindProxies, { peer: '198.51.100.4' });
  const spoofed = { ...forwarded, forwarded: 'for=203.0.113.9;proto=https;host=evil', 'x-real-ip': '203.0.113.9' };
  for (const peer of ['198.51.100.4', '192.0.2.8', '11.0.0.1', '::1', '::ffff:198.51.100.4']) {
    const origin = originOf(behindProxies, { peer, headers: spoofed });
    assert.deepEqual({ ...origin, address: '' }, { ...plain, address: '' }, peer);
    assert.ok(!origin.address.includes('203.0.113.9'));
  }
});

test('without trusted proxies nobody’s forwarding headers count', () => {
  const origin = originOf({}, { peer: '127.0.0.1', headers: forwarded });
  assert.deepEqual(origin, { address: '127.0.0.1', base: 'http://hub.example', prefix: '', secure: false });
});

test('a trusted proxy tells scheme, host and address of its client', () => {
  for (const peer of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1', '192.0.2.7']) {
    assert.deepEqual(
      originOf(behindProxies, { peer, headers: forwarded }),
      { address: '203.0.113.9', base: 'https://hub.example:8443', prefix: '', secure: true },
      peer,
    );
  }
});

const chains: readonly (readonly [string, string, string])[] = [
  ['one client', '203.0.113.9', '203.0.113.9'],
  ['a client and a trusted proxy', '203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['what a client wrote itself before the proxy’s word', '1.1.1.1, 203.0.113.9', '203.0.113.9'],
  ['a claim to be a proxy', '10.0.0.1, 203.0.113.9, 10.9.9.9', '203.0.113.9'],
  ['nothing but proxies', '10.0.0.1, 10.0.0.2', '10.1.2.3'],
  ['nothing', '', '10.1.2.3'],
  ['rubbish', 'unknown, _hidden, <script>, 999.1.1.1', '10.1.2.3'],
  ['rubbish after an address', '203.0.113.9, rubbish', '203.0.113.9'],
  ['an IPv6 client', '2001:db8::5', '2001:db8::5'],
  ['an IPv4 client in IPv6 clothing', '::ffff:203.0.113.9', '203.0.113.9'],
];

for (const [name, header, wanted] of chains) {
  test(`of ${name} in X-Forwarded-For the client is ${wanted}`, () => {
    const origin = originOf(behindProxies, { peer: '10.1.2.3', headers: { 'x-forwarded-for': header } });
    assert.equal(origin.address, wanted);
  });
}

test('a host that is none is not repeated to anybody', () => {
  for (const host of [
    'evil"host',
    'a b',
    'a\r\nSet-Cookie: x',
    'a/b',
    'a,b',
    'a@b',
    '<script>',
    'x'.repeat(300),
    'ü.example',
    '',
  ]) {
    const { base } = originOf({}, { peer: '198.51.100.4', headers: { host } });
    assert.equal(base, 'http://localhost', JSON.stringify(host.slice(0, 20)));
    const behind = originOf(behindProxies, { peer: '10.1.2.3', headers: { 'x-forwarded-host': host } });
    assert.match(behind.base, /^http:\/\/(localhost|hub\.example|a)$/);
  }
});

test('a configured address is told to everybody, whatever they say', () => {
  const options = { ...behindProxies, externalUrl: 'https://hub.example.com:8443/hub/' };
  for (const given of [
    { peer: '198.51.100.4', headers: { host: 'evil.example' } },
    { peer: '10.1.2.3', headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } },
  ]) {
    const { base, prefix } = originOf(options, given);
    assert.equal(base + prefix, 'https://hub.example.com:8443/hub');
  }
});

test('a connection that is gone already has an origin too', () => {
  assert.equal(originOf(behindProxies, { peer: undefined, headers: forwarded }).address, '');
});
