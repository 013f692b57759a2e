import { lookup as lookUpName } from 'node:dns';
import { once } from 'node:events';
import { isIP, type LookupFunction, connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, getCACertificates } from 'node:tls';
import { DirectoryError } from './directory-error.ts';
import { askForTls } from './start-tls.ts';
import type { DirectoryConfig, DirectoryServer } from './types.ts';

type ConnectConfig = Pick<DirectoryConfig, 'verifyCertificate' | 'ca' | 'connectTimeoutMs' | 'assertAddress'>;

/**
 * Opens a connection on which LDAP can be spoken, with TLS done where the server's URL asks for it. Fails with
 * `unreachable`, also when that takes too long and where the address may not be connected to.
 */
export async function connectTo(server: DirectoryServer, config: ConnectConfig): Promise<Socket> {
  let refusal: unknown;
  const assertAddress = (address: string) => {
    try {
      config.assertAddress?.(address);
    } catch (error) {
      refusal = error;
      throw error;
    }
  };
  if (isIP(server.host) !== 0) assertLiteral(server.host, config);
  const tcp = connectTcp({ host: server.host, port: server.port, lookup: lookupOf(assertAddress), noDelay: true });
  let open: Socket = tcp;
  const late = setTimeout(() => tcp.destroy(new Error('it took too long')), config.connectTimeoutMs);
  try {
    // Node's own deadline for a connection does not cover the handshake; ours covers everything.
    const failed = once(tcp, 'close').then(() => Promise.reject(new Error('the connection was closed')));
    failed.catch(() => undefined);
    const wait = (work: Promise<unknown>) => Promise.race([work, failed]);
    await wait(once(tcp, 'connect'));
    if (server.protection === 'start-tls') await wait(askForTls(tcp));
    if (server.protection !== 'none') {
      const secure = connectTls({ socket: tcp, ...tlsOptions(server.host, config) });
      open = secure;
      await wait(once(secure, 'secureConnect'));
    }
    return open;
  } catch (cause) {
    open.on('error', () => undefined);
    tcp.on('error', () => undefined);
    tcp.destroy();
    if (refusal !== undefined) throw notAllowed(server.host, refusal);
    if (cause instanceof DirectoryError) throw cause;
    throw new DirectoryError('unreachable', `The LDAP server ${server.host}:${server.port} cannot be reached.`, cause);
  } finally {
    clearTimeout(late);
  }
}

const notAllowed = (host: string, cause: unknown) =>
  new DirectoryError('unreachable', `${host} is no address that LDAP may be spoken with.`, cause);

/** A host that is an address is never looked up, so it is judged by itself. */
function assertLiteral(address: string, config: ConnectConfig): void {
  try {
    config.assertAddress?.(address);
  } catch (cause) {
    throw notAllowed(address, cause);
  }
}

function tlsOptions(host: string, { verifyCertificate, ca }: ConnectConfig): ConnectionOptions {
  return {
    host,
    // An address is no server name (RFC 6066 §3); Node compares it with the certificate all the same.
    ...(isIP(host) === 0 ? { servername: host } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: verifyCertificate,
    ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
  };
}

/** Judges what a name resolves to and connects to exactly that, so that a second answer of the name service changes nothing. */
function lookupOf(assertAddress: (address: string) => void): LookupFunction {
  return (host, options, done) => {
    lookUpName(host, options, (error, found, family) => {
      try {
        if (error === null)
          for (const one of [found].flat()) assertAddress(typeof one === 'string' ? one : one.address);
        done(error, found, family);
      } catch (refused) {
        done(refused as NodeJS.ErrnoException, found, family);
      }
    });
  };
}
