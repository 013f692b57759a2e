import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { createTestClock } from '#testing/test-clock';
import { ldapBase, ldapSearchUser, type Slapd, startSlapd, withoutSlapd } from '#testing/slapd';
import { createDirectory } from './directory.ts';
import { DirectoryError } from './directory-error.ts';
import { parseDirectoryUrls } from './server-url.ts';
import type { DirectoryConfig, DirectoryFilter } from './types.ts';

const people = `ou=people,${ldapBase}`;
const anna = `cn=Anna Müller,${people}`;
const bert = `cn=Smith\\, Bert (Ops) \\\\ \\+ #1,${people}`;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const person = (dn: string, cn: string, uid: string) =>
  `dn:: ${base64(dn)}\nobjectClass: inetOrgPerson\ncn:: ${base64(cn)}\nsn: x\nuid:: ${base64(uid)}\nuserPassword: right\n`;

const manyPeople = 1234;
const data = [
  `dn: ${people}\nobjectClass: organizationalUnit\nou: people\n`,
  person(anna, 'Anna Müller', 'anna'),
  person(bert, 'Smith, Bert (Ops) \\ + #1', 'b*(e)r\\t'),
  `dn: ou=many,${ldapBase}\nobjectClass: organizationalUnit\nou: many\n`,
  ...Array.from({ length: manyPeople }, (_, at) => person(`uid=p${at},ou=many,${ldapBase}`, `P ${at}`, `p${at}`)),
  `dn: ou=elsewhere,${ldapBase}\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://127.0.0.1:1/ou=elsewhere\n`,
].join('\n');

let slapd: Slapd;

function setUp(url: string, more: Partial<DirectoryConfig> = {}) {
  const time = createTestClock();
  const directory = createDirectory({
    servers: parseDirectoryUrls(url),
    searchDn: ldapSearchUser.dn,
    searchPassword: ldapSearchUser.password,
    verifyCertificate: true,
    ca: slapd?.ca,
    connectTimeoutMs: 10_000,
    answerTimeoutMs: 10_000,
    clock: time.clock,
    ...more,
  });
  const find = async (filter: DirectoryFilter, base: string = ldapBase, limit = 5000) =>
    (await directory.search({ base, scope: 'sub', filter, attributes: ['uid', 'cn'], limit })).map(({ dn }) => dn);
  return { directory, find, time, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

const uid = (value: string): DirectoryFilter => ({ kind: 'equals', attribute: 'uid', value });
const fault = (wanted: string) => (error: unknown) => error instanceof DirectoryError && error.fault === wanted;

async function listen(
  onConnection: (socket: Socket) => void,
  host = '127.0.0.1',
): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  }).listen(0, host);
  await once(server, 'listening');
  after(() => server.close());
  return { server, port: (server.address() as AddressInfo).port };
}

async function closedPort(): Promise<number> {
  const { server, port } = await listen(() => undefined);
  server.close();
  await once(server, 'close');
  return port;
}

describe('a directory', { skip: withoutSlapd }, () => {
  before(async () => {
    slapd = await startSlapd(data);
  });
  after(() => slapd?.[Symbol.asyncDispose]());

  const ldap = () => `ldap://127.0.0.1:${slapd.ldapPort}`;
  const ldaps = () => `ldaps://localhost:${slapd.ldapsPort}`;
  const startTls = () => `ldap+starttls://localhost:${slapd.ldapPort}`;

  for (const [how, url] of [
    ['in the clear', ldap],
    ['over TLS', ldaps],
    ['after StartTLS', startTls],
    ['over TLS at an address', () => `ldaps://127.0.0.1:${slapd.ldapsPort}`],
  ] as const) {
    test(`is searched and asked about passwords ${how}`, async () => {
      using at = setUp(url());
      assert.deepEqual(await at.find(uid('anna')), [anna]);
      assert.equal(await at.directory.verify(anna, 'right'), true);
      assert.equal(await at.directory.verify(anna, 'wrong'), false);
      assert.equal(await at.directory.verify(`cn=nobody,${people}`, 'right'), false);
      assert.equal(await at.directory.verify('no name', 'right'), false);
    });
  }

  test('gives values of any letters, under attribute names of any case', async () => {
    using at = setUp(ldap());
    const [entry] = await at.directory.search({
      base: ldapBase,
      scope: 'sub',
      filter: uid('anna'),
      attributes: ['CN', 'mail'],
      limit: 2,
    });
    assert.deepEqual(entry?.values('Cn'), ['Anna Müller']);
    assert.deepEqual(entry?.values('mail'), []);
  });

  test('takes a value for what it is, whatever is in it', async () => {
    using at = setUp(ldap());
    const found = await at.find(uid('b*(e)r\\t'));
    assert.equal(found.length, 1);
    assert.equal(await at.directory.verify(found[0] ?? '', 'right'), true);
    for (const value of ['*', 'a*', '*)(uid=*))(|(uid=*', 'anna)(objectClass=*', 'anna\0', '\\2a', '(', '']) {
      assert.deepEqual(await at.find(uid(value)), [], JSON.stringify(value));
      assert.deepEqual(await at.find({ kind: 'all', of: [{ kind: 'written', text: '(cn=*)' }, uid(value)] }), []);
    }
    assert.equal((await at.find({ kind: 'contains', attribute: 'uid', value: '*(' })).length, 1);
    assert.equal((await at.find({ kind: 'contains', attribute: 'uid', value: 'nn' })).length, 1);
    assert.ok((await at.find({ kind: 'contains', attribute: 'uid', value: '' }, people)).length === 2);
  });

  test('refuses an empty password without asking, although the server would take it', async () => {
    using at = setUp(ldap());
    assert.equal(await at.directory.verify(anna, ''), false);
    assert.equal(await at.directory.verify('', 'right'), false);
    using careless = setUp(ldap(), { searchPassword: '' });
    await assert.rejects(careless.find(uid('anna')), fault('misconfigured'));
  });

  test('is read page by page, as far as one asked for', async () => {
    using at = setUp(ldap());
    const all = await at.find({ kind: 'present', attribute: 'uid' }, `ou=many,${ldapBase}`);
    assert.equal(new Set(all).size, manyPeople);
    for (const limit of [1, 199, 200, 201, 500]) {
      assert.equal((await at.find({ kind: 'present', attribute: 'uid' }, ldapBase, limit)).length, limit);
    }
  });

  test('is asked by many at once', async () => {
    using at = setUp(ldaps());
    const found = await Promise.all(Array.from({ length: 50 }, (_, n) => at.find(uid(`p${n}`))));
    assert.ok(found.every(({ length }) => length === 1));
    const verdicts = await Promise.all(
      Array.from({ length: 50 }, (_, n) => at.directory.verify(`uid=p${n},ou=many,${ldapBase}`, n % 2 ? 'right' : 'x')),
    );
    assert.deepEqual(
      verdicts,
      Array.from({ length: 50 }, (_, n) => n % 2 === 1),
    );
  });

  test('says what is wrong with the settings, and not that it is away', async () => {
    const cases: readonly [string, Partial<DirectoryConfig>, DirectoryFilter, string][] = [
      ['the search user', { searchPassword: 'wrong' }, uid('anna'), ldapBase],
      ['the base', {}, uid('anna'), `ou=none,${ldapBase}`],
      ['the filter', {}, { kind: 'written', text: '(cn=' }, ldapBase],
      ['the attribute', {}, { kind: 'equals', attribute: 'uid=*)(x', value: 'x' }, ldapBase],
    ];
    for (const [what, more, filter, base] of cases) {
      using at = setUp(ldap(), more);
      await assert.rejects(at.find(filter, base), fault('misconfigured'), what);
      assert.equal(await at.directory.verify(anna, 'right'), true, 'and it is not left alone for that');
    }
  });

  test('has an empty answer for an entry that is not there, asked for by its name', async () => {
    using at = setUp(ldap());
    const filter: DirectoryFilter = { kind: 'present', attribute: 'objectClass' };
    const query = { base: `cn=none,${people}`, scope: 'base', filter, attributes: [], limit: 1 } as const;
    assert.deepEqual(await at.directory.search(query), []);
  });

  test('that refers to another server is not followed there', async () => {
    using at = setUp(ldap());
    assert.equal((await at.find(uid('anna'))).length, 1, 'although a reference lies below the base');
    await assert.rejects(at.find(uid('anna'), `ou=elsewhere,${ldapBase}`), fault('misconfigured'));
  });

  test('whose certificate nobody vouches for is not talked to', async () => {
    for (const url of [ldaps(), startTls()]) {
      using stranger = setUp(url, { ca: undefined });
      await assert.rejects(stranger.find(uid('anna')), fault('unreachable'));
      await assert.rejects(stranger.directory.verify(anna, 'right'), fault('unreachable'));
      using lenient = setUp(url, { ca: undefined, verifyCertificate: false });
      assert.equal(await lenient.directory.verify(anna, 'right'), true, 'unless the operator says so');
    }
  });

  test('whose certificate is for another host is not talked to', async () => {
    for (const [scheme, port] of [
      ['ldaps', slapd.ldapsPort],
      ['ldap+starttls', slapd.ldapPort],
    ] as const) {
      const forward = await listen((socket) => socket.pipe(connect(port, '127.0.0.1')).pipe(socket), '127.0.0.2');
      using at = setUp(`${scheme}://127.0.0.2:${forward.port}`);
      await assert.rejects(at.directory.verify(anna, 'right'), fault('unreachable'));
      using lenient = setUp(`${scheme}://127.0.0.2:${forward.port}`, { verifyCertificate: false });
      assert.equal(await lenient.directory.verify(anna, 'right'), true);
    }
  });

  test('that is away leaves its place to the next one, and gets it back', async () => {
    await using spare = await startSlapd(data);
    using at = setUp(`${ldap()} ldap://127.0.0.1:${spare.ldapPort}`, { ca: undefined });
    assert.deepEqual(await at.find(uid('anna')), [anna]);
    await slapd.stop();
    try {
      assert.deepEqual(await at.find(uid('anna')), [anna], 'a connection at rest was lost');
      assert.equal(await at.directory.verify(anna, 'right'), true);
      await spare.stop();
      await assert.rejects(at.directory.verify(anna, 'right'), fault('unreachable'));
      await assert.rejects(at.find(uid('anna')), fault('unreachable'));
    } finally {
      await slapd.start();
    }
    await assert.rejects(at.directory.verify(anna, 'right'), fault('unreachable'), 'it is left alone for a moment');
    at.time.advance(60_000);
    assert.equal(await at.directory.verify(anna, 'right'), true);
  });

  test('that hangs is given up in time, and the next one is asked', async () => {
    await using hanging = await startSlapd(data);
    using at = setUp(`ldap://127.0.0.1:${hanging.ldapPort} ${ldap()}`, { answerTimeoutMs: 1000 });
    hanging.freeze();
    const started = performance.now();
    assert.equal(await at.directory.verify(anna, 'right'), true);
    assert.ok(performance.now() - started < 5000);
    assert.deepEqual(await at.find(uid('anna')), [anna]);
    hanging.thaw();
  });

  test('at an address that may not be connected to is not connected to', async () => {
    let connections = 0;
    const { port } = await listen(() => (connections += 1));
    for (const host of ['127.0.0.1', 'localhost']) {
      const judged: string[] = [];
      using at = setUp(`ldap://${host}:${port}`, {
        assertAddress(address) {
          judged.push(address);
          throw new Error('internal');
        },
      });
      await assert.rejects(at.directory.verify(anna, 'right'), fault('unreachable'));
      assert.ok(judged.length > 0);
    }
    assert.equal(connections, 0);
  });
});

describe('a server that is no directory', () => {
  const silent = { connectTimeoutMs: 200, answerTimeoutMs: 200 };

  test('makes no difference between a closed port, silence, another protocol and an early end', async () => {
    const babbling = await listen((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
    const quiet = await listen(() => undefined);
    const ending = await listen((socket) => socket.destroy());
    const ports = [babbling.port, quiet.port, ending.port, await closedPort()];
    for (const scheme of ['ldap', 'ldaps', 'ldap+starttls']) {
      for (const port of ports) {
        using at = setUp(`${scheme}://127.0.0.1:${port}`, silent);
        await assert.rejects(at.directory.verify(anna, 'right'), fault('unreachable'), `${scheme} ${port}`);
        await assert.rejects(at.find(uid('anna')), fault('unreachable'));
      }
    }
  });

  // An ExtendedResponse that agrees, and behind it the head of a bind's success that swallows what TLS will carry.
  const agreed = Buffer.from('300c02010178070a010004000400', 'hex');
  const smuggled = Buffer.from('300c02010161070a010004000400', 'hex');

  for (const [what, answer] of [
    ['more than its answer', Buffer.concat([agreed, smuggled])],
    ['its answer and a piece of another', Buffer.concat([agreed, smuggled.subarray(0, 4)])],
    ['no', Buffer.from('300c02010178070a010204000400', 'hex')],
    ['something else', smuggled],
    ['a length without end', Buffer.from('3089ffffffffffffffffff', 'hex')],
  ] as const) {
    test(`that says ${what} to StartTLS hears no password`, async () => {
      const heard: Buffer[] = [];
      const { port } = await listen((socket) => {
        socket.on('data', (bytes: Buffer) => heard.push(bytes));
        socket.once('data', () => socket.write(answer));
      });
      using at = setUp(`ldap+starttls://127.0.0.1:${port}`, silent);
      await assert.rejects(at.directory.verify(anna, 'canary-password'), DirectoryError);
      const all = Buffer.concat(heard);
      assert.doesNotMatch(all.toString('latin1'), /canary/);
      assert.equal(all[0], 0x30);
      assert.equal(all.length, 31, 'it heard the request for TLS and nothing after it');
    });
  }

  test('that agrees to TLS and speaks none hears no password', async () => {
    const heard: Buffer[] = [];
    const { port } = await listen((socket) => {
      socket.on('data', (bytes: Buffer) => heard.push(bytes));
      socket.once('data', () => socket.write(agreed));
    });
    using at = setUp(`ldap+starttls://127.0.0.1:${port}`, silent);
    await assert.rejects(at.directory.verify(anna, 'canary-password'), fault('unreachable'));
    assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /canary/);
    assert.ok(Buffer.concat(heard).includes(Buffer.from([0x16, 0x03])), 'it heard the beginning of TLS');
  });

  test('that sends without end is left', async () => {
    let sent = 0;
    const { port } = await listen((socket) => {
      socket.once('data', () => {
        // A search result of 2 GiB, announced and sent on and on.
        socket.write(Buffer.from('3084800000000201016484', 'hex'));
        const piece = Buffer.alloc(1 << 20);
        const pump = () => {
          while (!socket.destroyed && sent < 1 << 30 && socket.write(piece)) sent += piece.length;
        };
        socket.on('drain', pump);
        pump();
      });
    });
    using at = setUp(`ldap://127.0.0.1:${port}`, { searchDn: '', answerTimeoutMs: 20_000 });
    await assert.rejects(at.find(uid('anna')), fault('unreachable'));
    assert.ok(sent < 1 << 28, `${sent} bytes`);
  });
});
