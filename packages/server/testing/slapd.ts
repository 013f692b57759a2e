import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian keeps servers outside the path of ordinary users. */
function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Where Debian keeps what a server is put together from. */
const parts = { schemas: '/etc/ldap/schema', modules: '/usr/lib/ldap' } as const;

/** Why there can be no LDAP server in this test; false when there can. */
export const withoutSlapd: string | false =
  [
    ...['slapd', 'slapadd', 'openssl'].filter((name) => findProgram(name) === undefined),
    ...[`${parts.schemas}/core.schema`, `${parts.modules}/back_mdb.so`].filter((path) => !existsSync(path)),
  ]
    .map((missing) => `${missing} is not installed`)
    .join(', ') || false;

/** OpenLDAP's server on loopback, with a configuration, data and certificate of its own. */
export interface Slapd extends AsyncDisposable {
  readonly ldapPort: number;
  readonly ldapsPort: number;
  /** The certificate of the authority that signed the server's, in PEM. */
  readonly ca: string;
  /** Ends it at once; `start` brings it back with the data it had. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Holds it still with its connections open, as a machine that hangs. */
  freeze(): void;
  thaw(): void;
}

export const ldapBase = 'dc=example,dc=org';
export const ldapSearchUser = { dn: `cn=search,${ldapBase}`, password: 'search-Password1' } as const;

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });
}

async function makeCertificates(folder: string): Promise<string> {
  const at = (name: string) => join(folder, name);
  const make = (file: string, name: string, more: readonly string[]) =>
    run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', `/CN=${name}`, '-keyout', at(`${file}.key`), '-out', at(`${file}.crt`), ...more],
    ]);
  await make('ca', 'Test CA', []);
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  await make('server', 'localhost', [...names, '-CA', at('ca.crt'), '-CAkey', at('ca.key')]);
  return at('ca.crt');
}

/** `allow bind_anon_dn` makes it answer binds without a password with success, as careless directories do. */
function configuration(folder: string, more: readonly string[]): string {
  const schemas = ['core', 'cosine', 'inetorgperson', ...more].map((name) => `include ${parts.schemas}/${name}.schema`);
  return `${schemas.join('\n')}
modulepath ${parts.modules}
moduleload back_mdb
moduleload memberof
allow bind_anon_dn
TLSCACertificateFile ${folder}/ca.crt
TLSCertificateFile ${folder}/server.crt
TLSCertificateKeyFile ${folder}/server.key
TLSVerifyClient never
sizelimit size.soft=300 size.hard=300 size.pr=300 size.prtotal=unlimited
database mdb
suffix "${ldapBase}"
directory ${folder}/data
maxsize 67108864
overlay memberof
index objectClass,uid,member eq
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${ldapSearchUser.dn}" read by * none
`;
}

const head = `dn: ${ldapBase}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ${ldapSearchUser.dn}
objectClass: applicationProcess
objectClass: simpleSecurityObject
cn: search
userPassword: ${ldapSearchUser.password}
`;

/** Starts a server with these entries, in LDIF (RFC 2849), below `ldapBase` and its search user. `schemas` are added to the usual ones. */
export async function startSlapd(ldif: string, schemas: readonly string[] = []): Promise<Slapd> {
  const [slapd, slapadd] = [findProgram('slapd'), findProgram('slapadd')];
  if (slapd === undefined || slapadd === undefined) throw new Error('slapd is not installed');
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'entrepot-slapd-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'data'));
  const ca = await makeCertificates(folder);
  const settings = join(folder, 'slapd.conf');
  await writeFile(settings, configuration(folder, schemas));
  await writeFile(join(folder, 'data.ldif'), `${head}\n${ldif}`);
  await run(slapadd, ['-q', '-f', settings, '-l', join(folder, 'data.ldif')]);
  const [ldapPort, ldapsPort] = [await findFreePort(), await findFreePort()];
  const addresses = `ldap://127.0.0.1:${ldapPort} ldaps://127.0.0.1:${ldapsPort}`;
  let child: ChildProcess | undefined;
  const endWithUs = () => child?.kill('SIGKILL');
  process.once('exit', endWithUs);
  stack.defer(() => void process.off('exit', endWithUs));

  async function start(): Promise<void> {
    // A level of debugging, even none, keeps it in the foreground.
    const started = spawn(slapd as string, ['-f', settings, '-h', addresses, '-d', '0'], { stdio: 'ignore' });
    child = started;
    for (let attempt = 0; !(await isListening(ldapPort)) || !(await isListening(ldapsPort)); attempt++) {
      if (attempt > 200 || started.exitCode !== null) throw new Error('slapd did not answer');
      await sleep(25);
    }
  }

  async function stop(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  stack.defer(stop);
  await start();
  const pem = await readFile(ca, 'utf8');
  const owned = stack.move();
  return {
    ldapPort,
    ldapsPort,
    ca: pem,
    start,
    stop,
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
