import { isIP, isIPv6 } from 'node:net';
import { parseCidr } from './cidr.ts';
import { Unparsable } from './unparsable.ts';

/** What outbound requests may reach although it is inside: a host by its name, or a network. */
export type OutboundTarget =
  | { readonly kind: 'host'; readonly host: string; readonly port: number | undefined }
  | { readonly kind: 'network'; readonly address: string; readonly prefix: number };

/** Both ends belong to it. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

const name = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?))(?::(?<port>\d{1,5}))?$/;

/** Reads `host`, `host:port`, `[fd00::1]:port`, or an address or network as `10.0.0.0/8`. */
export function parseOutboundTarget(text: string): OutboundTarget {
  const plain = text.toLowerCase();
  if (plain.includes('/') || isIP(plain) !== 0) {
    const [address = '', prefix] = parseCidr(plain).split('/');
    return { kind: 'network', address, prefix: Number(prefix) };
  }
  const { v6, host = v6, port } = name.exec(plain)?.groups ?? {};
  if (host === undefined || Number(port ?? 1) > 65_535 || Number(port) === 0 || (v6 !== undefined && !isIPv6(v6))) {
    throw new Unparsable(
      'hosts, hosts with a port, or networks, such as registry.internal, 10.0.0.7:5000 or 10.1.0.0/16',
    );
  }
  return { kind: 'host', host, port: port === undefined ? undefined : Number(port) };
}

/** Reads `443` or `8000-8999`. */
export function parsePortRange(text: string): PortRange {
  const [, from, to = from] = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(text) ?? [];
  const range = { from: Number(from), to: Number(to) };
  if (from === undefined || range.from < 1 || range.to < range.from || range.to > 65_535) {
    throw new Unparsable('ports and ranges of ports, such as 80, 443 or 8000-8999');
  }
  return range;
}
