import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { RegistryError } from '#kernel/errors';
import { loadConfig } from '#platform/config';
import { createOutboundRules } from '#platform/outbound';
import { ldapBase, ldapSearchUser, type Slapd, startSlapd, withoutSlapd } from '#testing/slapd';
import { createTestClock } from '#testing/test-clock';
import { createLdap } from './service.ts';
import type { LdapGroupSettings, LdapSettings } from './types.ts';

const people = `ou=people,${ldapBase}`;
const groups = `ou=groups,${ldapBase}`;

const base64 = (text: string) => Buffer.from(text).toString('base64');

function person(uid: string, cn: string, more = ''): string {
  const dn = `cn=${cn.replaceAll(/[\\,+"<>;=#]/g, (sign) => `\\${sign}`)},${people}`;
  const mail = /^[\w.]+$/.test(uid) ? `mail: ${uid}@example.org\n` : '';
  return `dn:: ${base64(dn)}\nobjectClass: inetOrgPerson\ncn:: ${base64(cn)}\nsn: x\nuid:: ${base64(uid)}\nuserPassword: right\n${mail}${more}`;
}

const dnOf = (cn: string) => `cn=${cn.replaceAll(/[\\,+"<>;=#]/g, (sign) => `\\${sign}`)},${people}`;

function group(cn: string, members: readonly string[], parent = groups): string {
  const dn = `cn=${cn.replaceAll(/[\\,+"<>;=#]/g, (sign) => `\\${sign}`)},${parent}`;
  const lines = members.map((member) => `member:: ${base64(member)}\n`).join('');
  return `dn:: ${base64(dn)}\nobjectClass: groupOfNames\ncn:: ${base64(cn)}\n${lines}`;
}

const unit = (dn: string) => `dn: ${dn}\nobjectClass: organizationalUnit\n`;

const data = [
  unit(people),
  unit(groups),
  unit(`ou=elsewhere,${ldapBase}`),
  person('anna', 'Anna Müller', 'displayName: Anna M.\n'),
  person('bert', 'Smith, Bert (Ops) \\ + #1'),
  person('carl', 'Carl', 'employeeType: disabled\n'),
  person('dora', 'Dora', `memberOf: cn=mentioned,${groups}\nmemberOf: cn=secret,ou=elsewhere,${ldapBase}\n`),
  person('twin', 'Twin One'),
  person('twin', 'Twin Two'),
  person('eve', 'Eve'),
  group('developers', [dnOf('Anna Müller'), dnOf('Eve')]),
  group('everybody', [`cn=developers,${groups}`, `cn=loop,${groups}`]),
  group('loop', [`cn=everybody,${groups}`]),
  group('R&D, "core" (x) \\ *', [dnOf('Smith, Bert (Ops) \\ + #1')]),
  group('admins', [`cn=chiefs,${groups}`]),
  group('chiefs', [dnOf('Smith, Bert (Ops) \\ + #1')]),
  group('mentioned', [dnOf('Nobody')]),
  group('secret', [dnOf('Anna Müller')], `ou=elsewhere,${ldapBase}`),
  `dn: cn=plain,${groups}\nobjectClass: posixGroup\ncn: plain\ngidNumber: 1\nmemberUid: anna\n`,
].join('\n');

let slapd: Slapd;

const groupSettings: LdapGroupSettings = {
  baseDn: groups,
  filter: '(|(objectClass=groupOfNames)(objectClass=posixGroup))',
  nameAttribute: 'cn',
  scope: 2,
  adminDn: `CN=Admins, ${groups}`,
  membershipAttribute: 'memberOf',
  parallel: true,
};

type Change = Partial<Omit<LdapSettings, 'groups'>> & { groups?: Partial<LdapGroupSettings> };

function setUp({ groups: changedGroups, ...changed }: Change = {}, allow = '') {
  const time = createTestClock();
  let settings: LdapSettings | undefined = {
    url: `ldap://127.0.0.1:${slapd?.ldapPort}`,
    searchDn: ldapSearchUser.dn,
    searchPassword: ldapSearchUser.password,
    baseDn: people,
    filter: '(&(objectClass=inetOrgPerson)(!(employeeType=disabled)))',
    uid: 'uid',
    scope: 2,
    timeoutSeconds: 10,
    verifyCertificate: true,
    ca: slapd?.ca,
    ...changed,
    groups: { ...groupSettings, ...changedGroups },
  };
  const { config } = loadConfig({ flags: {}, env: { ENTREPOT_OUTBOUND_ALLOW: allow }, readFile: () => '' });
  const logged: string[] = [];
  const log = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`);
  const ignore = () => undefined;
  const ldap = createLdap({
    settings: () => settings,
    outbound: createOutboundRules(config.outbound),
    logger: { debug: ignore, info: log, warn: log, error: log },
    clock: time.clock,
  });
  const groupsOf = async (name: string) => {
    const found = await ldap.signIn(name, 'right');
    if (typeof found === 'string') return found;
    return { groups: found.groups.map((one) => one.name).toSorted(), admin: found.admin };
  };
  return {
    ldap,
    time,
    logged,
    groupsOf,
    set: (next: LdapSettings | undefined) => {
      settings = next;
    },
    settings: () => settings,
    [Symbol.dispose]: () => ldap[Symbol.dispose](),
  };
}

const coded = (code: string) => (error: unknown) => error instanceof RegistryError && error.code === code;

describe('a sign-in through LDAP', { skip: withoutSlapd }, () => {
  before(async () => {
    slapd = await startSlapd(data, ['nis']);
  });
  after(() => slapd?.[Symbol.asyncDispose]());

  test('tells who it is, as the directory spells it', async () => {
    using at = setUp();
    for (const name of ['anna', 'ANNA']) {
      const { groups: _, ...who } = (await at.ldap.signIn(name, 'right')) as never as { groups: unknown };
      assert.deepEqual(who, {
        dn: dnOf('Anna Müller'),
        uid: 'anna',
        realname: 'Anna M.',
        email: 'anna@example.org',
        admin: false,
      });
    }
  });

  test('is refused for a wrong name, a wrong or empty password, and somebody the filter leaves out', async () => {
    using at = setUp();
    for (const [name, password] of [
      ['anna', 'wrong'],
      ['anna', ''],
      ['anna', 'right '],
      ['nobody', 'right'],
      ['', 'right'],
      ['', ''],
      ['carl', 'right'],
      ['twin', 'right'],
      ['search', ldapSearchUser.password],
    ] as const) {
      assert.equal(await at.ldap.signIn(name, password), 'refused', `${name} ${password}`);
    }
    using all = setUp({ filter: '' });
    assert.notEqual(await all.ldap.signIn('carl', 'right'), 'refused', 'it was the filter');
  });

  test('takes no filter, pattern or look-alike for a name', async () => {
    using at = setUp({ filter: '' });
    for (const name of [
      '*',
      'a*',
      '*)(uid=*))(|(uid=*',
      'anna)(uid=anna',
      'anna))(|(uid=*',
      '\\61nna',
      'anna\0',
      ' anna',
      'anna ',
      'an\u00adna',
      'ａｎｎａ',
      dnOf('Anna Müller'),
    ]) {
      assert.equal(await at.ldap.signIn(name, 'right'), 'refused', JSON.stringify(name));
    }
  });

  test('finds the groups of groups, each once, in circles too', async () => {
    for (const parallel of [true, false]) {
      using at = setUp({ groups: { parallel } });
      assert.deepEqual(await at.groupsOf('anna'), {
        groups: ['developers', 'everybody', 'loop', 'plain'],
        admin: false,
      });
    }
  });

  test('finds groups whose names are full of signs, and the administrators among them', async () => {
    using at = setUp();
    const all = ['R&D, "core" (x) \\ *', 'admins', 'chiefs'];
    assert.deepEqual(await at.groupsOf('bert'), { groups: all, admin: true });
    const bert = await at.ldap.signIn('bert', 'right');
    assert.ok(typeof bert === 'object');
    const named = bert.groups.find(({ name }) => name === all[0]);
    assert.equal(named?.dn, `cn=r&d\\, \\"core\\" (x) \\\\ *,${groups}`);
  });

  test('finds the groups that a person’s own entry names, within the base only', async () => {
    using at = setUp();
    assert.deepEqual(await at.groupsOf('dora'), { groups: ['mentioned'], admin: false });
    using other = setUp({ groups: { membershipAttribute: 'title' } });
    assert.deepEqual(await other.groupsOf('dora'), { groups: [], admin: false });
    using secret = setUp({ groups: { baseDn: '', adminDn: `cn=secret,ou=elsewhere,${ldapBase}` } });
    assert.deepEqual(await secret.groupsOf('dora'), { groups: [], admin: true }, 'administrators need no base');
  });

  test('asks the group filter, the scope and the name attribute', async () => {
    using narrow = setUp({ groups: { filter: '(cn=dev*)' } });
    assert.deepEqual(await narrow.groupsOf('anna'), { groups: ['developers'], admin: false });
    using flat = setUp({ groups: { baseDn: ldapBase, scope: 1 } });
    assert.deepEqual(await flat.groupsOf('eve'), { groups: [], admin: false });
    using gid = setUp({ groups: { nameAttribute: 'gidNumber', filter: '(objectClass=posixGroup)' } });
    assert.deepEqual(await gid.groupsOf('anna'), { groups: ['1'], admin: false });
  });

  test('makes nobody an administrator where no group is named for it', async () => {
    for (const adminDn of ['', ' ', 'admins', `cn=nothing,${groups}`]) {
      using at = setUp({ groups: { adminDn } });
      assert.equal(((await at.ldap.signIn('bert', 'right')) as { admin: boolean }).admin, false, adminDn);
    }
  });

  test('is not possible, and not refused, while the directory gives no answer or the settings are wrong', async () => {
    for (const change of [
      { searchPassword: 'wrong' },
      { baseDn: `ou=none,${ldapBase}` },
      { filter: '(((' },
      { url: 'http://x' },
      { url: 'ldap://127.0.0.1:1' },
      { url: `ldaps://localhost:${'1'}` },
      { groups: { baseDn: `ou=none,${ldapBase}` } },
    ] satisfies Change[]) {
      using at = setUp(change);
      assert.equal(await at.ldap.signIn('anna', 'right'), 'unavailable', JSON.stringify(change));
      assert.equal(at.logged.length, 1);
      assert.doesNotMatch(at.logged.join(), /right|search-Password1/);
    }
  });

  test('tells the operator once when it stops to be possible, and once when it goes on', async () => {
    using at = setUp();
    const settings = at.settings();
    assert.ok(settings);
    at.set({ ...settings, searchPassword: 'wrong' });
    for (let times = 0; times < 5; times++) assert.equal(await at.ldap.signIn('anna', 'right'), 'unavailable');
    at.set(settings);
    for (let times = 0; times < 5; times++) assert.notEqual(await at.ldap.signIn('anna', 'right'), 'unavailable');
    assert.deepEqual(
      at.logged.map((line) => line.split(/[.;]/)[0]),
      ['LDAP gives no answer', 'LDAP answers again'],
    );
  });

  test('goes by the settings in force', async () => {
    using at = setUp();
    assert.notEqual(await at.ldap.signIn('anna', 'right'), 'refused');
    const settings = at.settings();
    at.set(undefined);
    assert.equal(at.ldap.isConfigured(), false);
    assert.equal(await at.ldap.signIn('anna', 'right'), 'refused');
    await assert.rejects(at.ldap.searchUsers(''), coded('precondition-failed'));
    at.set(settings && { ...settings, filter: '(uid=bert)' });
    assert.equal(await at.ldap.signIn('anna', 'right'), 'refused');
    assert.notEqual(await at.ldap.signIn('bert', 'right'), 'refused');
  });

  test('works over TLS and StartTLS', async () => {
    for (const url of [`ldaps://localhost:${slapd.ldapsPort}`, `ldap+starttls://localhost:${slapd.ldapPort}`]) {
      using at = setUp({ url });
      assert.equal(typeof (await at.ldap.signIn('anna', 'right')), 'object');
      assert.equal(await at.ldap.signIn('anna', 'wrong'), 'refused');
      using stranger = setUp({ url, ca: undefined });
      assert.equal(await stranger.ldap.signIn('anna', 'right'), 'unavailable');
    }
  });
});

describe('a look into LDAP', { skip: withoutSlapd }, () => {
  before(async () => {
    slapd = await startSlapd(data, ['nis']);
  });
  after(() => slapd?.[Symbol.asyncDispose]());

  test('lists people by part of their name', async () => {
    using at = setUp();
    const names = async (text: string) => (await at.ldap.searchUsers(text)).map(({ uid }) => uid).toSorted();
    assert.deepEqual(await names(''), ['anna', 'bert', 'dora', 'eve', 'twin', 'twin']);
    assert.deepEqual(await names('nn'), ['anna']);
    for (const text of ['*', ')(uid=*', 'carl']) assert.deepEqual(await names(text), [], text);
  });

  test('lists groups by part of their name, and finds one by its distinguished name', async () => {
    using at = setUp();
    assert.deepEqual(
      (await at.ldap.searchGroups('DEVEL')).map(({ name }) => name),
      ['developers'],
    );
    assert.deepEqual(await at.ldap.searchGroups('*'), [
      { dn: `cn=r&d\\, \\"core\\" (x) \\\\ *,${groups}`, name: 'R&D, "core" (x) \\ *' },
    ]);
    assert.equal((await at.ldap.findGroup(`CN=Developers , ${groups}`))?.name, 'developers');
    for (const dn of ['', 'x', dnOf('Eve'), `cn=none,${groups}`, `cn=secret,ou=elsewhere,${ldapBase}`]) {
      assert.equal(await at.ldap.findGroup(dn), undefined, dn);
    }
  });

  test('finds somebody to import, with his groups', async () => {
    using at = setUp();
    assert.equal((await at.ldap.findUser('bert'))?.admin, true);
    assert.equal(await at.ldap.findUser('carl'), undefined);
    using away = setUp({ url: 'ldap://127.0.0.1:1' });
    await assert.rejects(away.ldap.findUser('bert'), coded('unavailable'));
    await assert.rejects(away.ldap.searchGroups(''), coded('unavailable'));
  });
});

describe('a try of LDAP settings', { skip: withoutSlapd }, () => {
  before(async () => {
    slapd = await startSlapd(data, ['nis']);
  });
  after(() => slapd?.[Symbol.asyncDispose]());

  test('says whether those in force work, and what is wrong with others', async () => {
    using at = setUp();
    assert.deepEqual(await at.ldap.ping({}), { success: true, message: '' });
    const wrong = await at.ldap.ping({ searchPassword: 'wrong' });
    assert.equal(wrong.success, false);
    assert.match(wrong.message, /search user/);
    await assert.rejects(at.ldap.ping({ url: 'http://x' }), coded('body-invalid'));
    using empty = setUp();
    empty.set(undefined);
    await assert.rejects(empty.ldap.ping({}), coded('body-invalid'));
  });

  test('tries every server that is named', async () => {
    using at = setUp({ url: `ldap://127.0.0.1:${slapd.ldapPort} ldap://127.0.0.1:1` });
    const told = await at.ldap.ping({});
    assert.deepEqual(told, {
      success: false,
      message: 'The LDAP server 127.0.0.1:1 could not be reached, or did not answer in time.',
    });
  });

  test('does not reach inside because a caller says so', async () => {
    using at = setUp();
    for (const host of [
      '127.0.0.1',
      'localhost',
      'x.localhost',
      '[::1]',
      '0.0.0.0',
      '169.254.169.254',
      '[fd00::1]',
      '10.0.0.1',
      '172.16.0.1',
      '192.168.0.1',
      '100.64.0.1',
      '[::ffff:127.0.0.1]',
      '2130706433',
      '0x7f.1',
      '127.1',
      '127。0。0。1',
    ]) {
      for (const scheme of ['ldap', 'ldaps', 'ldap+starttls']) {
        await assert.rejects(at.ldap.ping({ url: `${scheme}://${host}` }), coded('target-refused'), host);
      }
    }
    await assert.rejects(at.ldap.ping({ url: 'ldap://93.184.215.14:25' }), coded('target-refused'));
    for (const url of ['gopher://10.0.0.1', 'file:///etc/passwd', 'unix:/x', 'ldapi:///x']) {
      await assert.rejects(at.ldap.ping({ url }), coded('body-invalid'), url);
    }
  });

  test('at a place of the caller’s choice hears no password that is ours', async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => heard.push(bytes));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const started = performance.now();
    using at = setUp({}, `127.0.0.1:${port}`);
    const [silent, closed] = await Promise.all([
      at.ldap.ping({ url: `ldap://127.0.0.1:${port}`, searchDn: '' }),
      setUp({}, '127.0.0.1:1').ldap.ping({ url: 'ldap://127.0.0.1:1' }),
      at.ldap.ping({ url: `ldap://127.0.0.1:${port}` }),
    ]);
    assert.ok(performance.now() - started >= 8900, 'a closed port and a silent one take as long');
    assert.equal(silent.message.replace(String(port), '1'), closed.message);
    assert.doesNotMatch(Buffer.concat(heard).toString('latin1'), /search-Password1/);
  });

  test('sends the password in force for nobody else, and no less protected', async () => {
    const heard: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (bytes: Buffer) => {
        heard.push(bytes);
        socket.destroy();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    const there = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const hears = async (url: string, trial: Parameters<ReturnType<typeof setUp>['ldap']['ping']>[0]) => {
      heard.length = 0;
      using at = setUp({ url });
      assert.equal((await at.ldap.ping(trial)).success, false);
      return Buffer.concat(heard).toString('latin1').includes(ldapSearchUser.password);
    };
    assert.equal(await hears(`ldap://${there}`, {}), true, 'the settings in force send it');
    assert.equal(await hears(`ldap://${there}`, { searchDn: `cn=other,${ldapBase}` }), false);
    assert.equal(await hears(`ldaps://${there}`, { url: `ldap://${there}` }), false);
    assert.equal(await hears(`ldap+starttls://${there}`, { url: `ldap://${there}` }), false);
    using at = setUp({ url: `ldaps://localhost:${slapd.ldapsPort}` });
    assert.equal((await at.ldap.ping({})).success, true);
    assert.equal((await at.ldap.ping({ verifyCertificate: false })).success, false);
    const { password: searchPassword } = ldapSearchUser;
    assert.equal((await at.ldap.ping({ verifyCertificate: false, searchPassword })).success, true);
  });
});
