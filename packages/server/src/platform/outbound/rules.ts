import { BlockList, isIPv4, isIPv6 } from 'node:net';
import type { OutboundConfig } from '#platform/config';
import { isForbidden } from './forbidden-addresses.ts';
import type { Target } from './target.ts';

type Place = Pick<Target, 'host' | 'port'>;

/** What the operator lets this registry talk to. */
export interface OutboundRules {
  /** Whether the port may be asked, or the operator named host and port together. */
  allowsPort(target: Place): boolean;
  /** Whether the operator named the host: its addresses are not looked at. */
  allowsHost(target: Place): boolean;
  allowsAddress(address: string): boolean;
}

export function createOutboundRules(config: OutboundConfig): OutboundRules {
  const hosts = new Set(config.allow.filter((item) => item.kind === 'host').map(keyOf));
  const networks = new BlockList();
  for (const item of config.allow) {
    if (item.kind !== 'network') continue;
    networks.addSubnet(item.address, item.prefix, isIPv6(item.address) ? 'ipv6' : 'ipv4');
  }
  const named = ({ host, port }: Place) => hosts.has(`${host}:${port}`);
  return {
    allowsPort: (target) =>
      named(target) || config.ports.some(({ from, to }) => target.port >= from && target.port <= to),
    allowsHost: (target) => named(target) || hosts.has(target.host),
    allowsAddress: (address) => !isForbidden(address) || networks.check(address, isIPv4(address) ? 'ipv4' : 'ipv6'),
  };
}

function keyOf({ host, port }: { readonly host: string; readonly port: number | undefined }): string {
  return port === undefined ? host : `${host}:${port}`;
}
