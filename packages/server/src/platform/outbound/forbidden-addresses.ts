import { BlockList, isIPv4 } from 'node:net';

/**
 * What lies inside somebody's network, on this machine, or nowhere: the special-purpose registries of IANA
 * (RFC 6890 and its updates), multicast, and every form that hides an IPv4 address in an IPv6 one.
 */
const forbiddenV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Only 2000::/3 is handed out as global unicast; these parts of it are not, or carry IPv4. */
const forbiddenV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const forbidden = new BlockList();
for (const [address, prefix] of forbiddenV4) forbidden.addSubnet(address, prefix, 'ipv4');
for (const [address, prefix] of forbiddenV6) forbidden.addSubnet(address, prefix, 'ipv6');

const globalUnicast = new BlockList();
globalUnicast.addSubnet('2000::', 3, 'ipv6');

/** Whether an address, as the system writes it, is one that nobody outside could mean. */
export function isForbidden(address: string): boolean {
  if (isIPv4(address)) return forbidden.check(address, 'ipv4');
  return !globalUnicast.check(address, 'ipv6') || forbidden.check(address, 'ipv6');
}
