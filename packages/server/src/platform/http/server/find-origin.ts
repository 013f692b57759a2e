import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FindOrigin } from '#platform/http';

export interface OriginOptions {
  /** Overrides what the request says: scheme, host and port under which clients reach this registry. */
  readonly externalUrl: string | undefined;
  /** Networks whose `X-Forwarded-*` headers are believed, in CIDR notation. */
  readonly trustedProxies: readonly string[];
}

const hostPattern = /^[A-Za-z0-9.\-_[\]:]{1,255}$/;

/** Reads the origin of a request; forwarding headers count only from trusted proxies. */
export function createFindOrigin(options: OriginOptions): FindOrigin {
  const trusted = blockList(options.trustedProxies);
  const external = options.externalUrl === undefined ? undefined : new URL(options.externalUrl);
  const prefix = external?.pathname.replace(/\/+$/, '') ?? '';
  const isTrusted = (address: string) => trusted?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ?? false;
  return (request) => {
    const peer = plainAddress(request.socket.remoteAddress ?? '');
    const behindProxy = trusted !== undefined && isTrusted(peer);
    // Most requests are answered without the name they came under, so it is put together only when asked for.
    return {
      prefix,
      get address() {
        return behindProxy ? clientBehind(request.headers['x-forwarded-for'], peer, isTrusted) : peer;
      },
      get secure() {
        return behindProxy
          ? firstOf(request.headers['x-forwarded-proto']) === 'https'
          : (request.socket as TLSSocket).encrypted === true;
      },
      get base() {
        if (external !== undefined) return external.origin;
        const forwarded = behindProxy ? firstOf(request.headers['x-forwarded-host']) : undefined;
        const host = forwarded ?? request.headers.host ?? '';
        return `${this.secure ? 'https' : 'http'}://${hostPattern.test(host) ? host : 'localhost'}`;
      },
    };
  };
}

function blockList(networks: readonly string[]): BlockList | undefined {
  if (networks.length === 0) return undefined;
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  return list;
}

/** The nearest address in the chain that is not a trusted proxy itself: nothing a client wrote before it counts. */
function clientBehind(
  header: string | string[] | undefined,
  peer: string,
  isTrusted: (address: string) => boolean,
): string {
  const chain = String(header ?? '')
    .split(',')
    .map((part) => plainAddress(part.trim()))
    .filter((part) => isIP(part) !== 0);
  while (chain.length > 0) {
    const address = chain.pop() as string;
    if (!isTrusted(address)) return address;
  }
  return peer;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return (
    String(header ?? '')
      .split(',')[0]
      ?.trim() || undefined
  );
}

/** An IPv4 address in IPv6 clothing (`::ffff:10.0.0.1`) is that IPv4 address. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
}
