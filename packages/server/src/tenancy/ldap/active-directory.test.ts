import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { BerReader, BerWriter, ExtensibleFilter, type Filter, FilterParser } from 'ldapts';
import { loadConfig } from '#platform/config';
import { createOutboundRules } from '#platform/outbound';
import { createTestClock } from '#testing/test-clock';
import { createLdap } from './service.ts';

/** What a request of LDAP is (RFC 4511 §4.2, §4.5), and its answers. */
const tag = { bind: 0x60, bindAnswer: 0x61, unbind: 0x42, search: 0x63, entry: 0x64, searchDone: 0x65 } as const;

interface Entry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

const base = 'DC=corp,DC=example';
const anna = `CN=Müller\\, Anna,OU=People,${base}`;

const entries: Readonly<Record<string, Entry>> = {
  root: { dn: '', attributes: { supportedCapabilities: ['1.2.840.113556.1.4.800', '1.2.840.113556.1.4.1670'] } },
  anna: {
    dn: anna,
    attributes: {
      sAMAccountName: ['anna'],
      displayName: ['Müller, Anna'],
      mail: ['anna@corp.example'],
      memberOf: [`CN=Team,OU=Groups,${base}`],
    },
  },
  team: { dn: `CN=Team,OU=Groups,${base}`, attributes: { cn: ['Team'] } },
  all: { dn: `CN=All,OU=Groups,${base}`, attributes: { cn: ['All'] } },
  admins: { dn: `CN=Registry Admins,OU=Groups,${base}`, attributes: { cn: ['Registry Admins'] } },
};

/** A little Active Directory: it knows whom it knows, and follows memberships of memberships when asked to. */
function answerSearch(searchBase: string, filter: Filter): readonly (Entry | undefined)[] {
  const text = filter.toString();
  if (searchBase === '') return [entries['root']];
  if (/sAMAccountName=anna\b/i.test(text)) return [entries['anna']];
  const chains = findChains(filter);
  if (chains.some(({ matchType, value }) => matchType === 'member' && value === anna)) {
    return [entries['team'], entries['all'], entries['admins']];
  }
  return [];
}

function findChains(filter: Filter): readonly ExtensibleFilter[] {
  if (filter instanceof ExtensibleFilter) return filter.rule === '1.2.840.113556.1.4.1941' ? [filter] : [];
  return ((filter as { filters?: Filter[] }).filters ?? []).flatMap(findChains);
}

function write(socket: Socket, id: number, kind: number, fill: (writer: BerWriter) => void): void {
  const writer = new BerWriter();
  writer.startSequence();
  writer.writeInt(id);
  writer.startSequence(kind);
  fill(writer);
  writer.endSequence();
  writer.endSequence();
  socket.write(writer.buffer);
}

const success = (writer: BerWriter, code = 0) => {
  writer.writeEnumeration(code);
  writer.writeString('');
  writer.writeString('');
};

/** The requests are short, so each comes in one piece. */
function serve(socket: Socket, asked: string[]): void {
  socket.on('error', () => undefined);
  socket.on('data', (bytes: Buffer) => {
    const reader = new BerReader(bytes);
    reader.readSequence();
    const id = reader.readInt() ?? 0;
    const kind = reader.readSequence();
    if (kind === tag.bind) {
      reader.readInt();
      const name = reader.readString();
      const password = reader.readString(0x80);
      const right = (name === anna && password === 'right') || password === 'search';
      write(socket, id, tag.bindAnswer, (writer) => success(writer, right ? 0 : 49));
    }
    if (kind === tag.search) {
      const searchBase = reader.readString() ?? '';
      for (let skipped = 0; skipped < 2; skipped++) reader.readEnumeration();
      for (let skipped = 0; skipped < 2; skipped++) reader.readInt();
      reader.readBoolean();
      const filter = FilterParser.parse(reader);
      asked.push(filter.toString());
      for (const entry of answerSearch(searchBase, filter)) if (entry !== undefined) writeEntry(socket, id, entry);
      write(socket, id, tag.searchDone, success);
    }
  });
}

function writeEntry(socket: Socket, id: number, { dn, attributes }: Entry): void {
  write(socket, id, tag.entry, (writer) => {
    writer.writeString(dn);
    writer.startSequence();
    for (const [name, values] of Object.entries(attributes)) {
      writer.startSequence();
      writer.writeString(name);
      writer.startSequence(0x31);
      for (const value of values) writer.writeString(value);
      writer.endSequence();
      writer.endSequence();
    }
    writer.endSequence();
  });
}

test('Active Directory follows memberships of memberships itself, in one search', async () => {
  const asked: string[] = [];
  const server = createServer((socket) => serve(socket, asked)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => server.close());
  const { config } = loadConfig({ flags: {}, env: {}, readFile: () => '' });
  const ignore = () => undefined;
  using ldap = createLdap({
    settings: () => ({
      url: `ldap://127.0.0.1:${(server.address() as AddressInfo).port}`,
      searchDn: `CN=search,${base}`,
      searchPassword: 'search',
      baseDn: base,
      filter: '(&(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2)))',
      uid: 'sAMAccountName',
      scope: 2,
      timeoutSeconds: 10,
      verifyCertificate: true,
      groups: {
        baseDn: base,
        filter: '(objectClass=group)',
        nameAttribute: 'cn',
        scope: 2,
        adminDn: `cn=registry admins,ou=groups,${base}`,
        membershipAttribute: 'memberof',
        parallel: true,
      },
    }),
    outbound: createOutboundRules(config.outbound),
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    clock: createTestClock().clock,
  });
  const person = await ldap.signIn('Anna', 'right');
  assert.ok(typeof person === 'object', JSON.stringify(person));
  const { groups, ...who } = person;
  assert.deepEqual(who, {
    dn: anna,
    uid: 'anna',
    realname: 'Müller, Anna',
    email: 'anna@corp.example',
    admin: true,
  });
  assert.deepEqual(
    groups.map(({ name }) => name),
    ['Team', 'All', 'Registry Admins'],
  );
  assert.equal(asked.length, 3, asked.join('\n'));
  assert.equal(await ldap.signIn('anna', 'wrong'), 'refused');
  await ldap.signIn('anna', 'right');
  assert.equal(asked.length, 6, 'what it can do is asked once');
});
