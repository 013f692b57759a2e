import { BlockList, isIP } from 'node:net';
import type { Account, AnonymousActor, RobotActor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';

const mostNetworks = 100;

/** Fails with `body-invalid` for what is no list of addresses or networks such as `10.0.0.0/8`. */
export function assertNetworks(networks: readonly string[] | undefined): void {
  if (networks === undefined) return;
  if (networks.length > mostNetworks) throw invalid(`at most ${mostNetworks} networks`);
  for (const network of networks) if (readNetwork(network) === undefined) throw invalid(`${network} is no network`);
}

/** By actor, which is made once a sign-in: networks are not read anew at every request. */
const checks = new WeakMap<RobotActor, (address: string) => boolean>();

/** Passes for who is no robot, or one that may act from the address. Fails with `unauthorized`. */
export function assertAddress(account: AnonymousActor | Account, address: string): void {
  if (account.kind !== 'robot' || account.addresses === undefined) return;
  const isFromHere = checks.get(account) ?? createNetworkCheck(account.addresses);
  checks.set(account, isFromHere);
  if (!isFromHere(address)) throw new RegistryError('unauthorized', `${account.name} may not act from ${address}.`);
}

/** Whether an address lies in one of the networks. */
function createNetworkCheck(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const read = readNetwork(network);
    if (read !== undefined) list.addSubnet(read.address, read.prefix, read.family);
  }
  // An IPv4 address that came in over an IPv6 socket is the same address.
  return (address) => {
    const plain = address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  };
}

function readNetwork(text: string): { address: string; prefix: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0 || address.includes('%')) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return undefined;
  return { address, prefix: prefix === undefined ? bits : Number(prefix), family: version === 4 ? 'ipv4' : 'ipv6' };
}

function invalid(what: string): RegistryError {
  return new RegistryError('body-invalid', `body.addresses: ${what}.`);
}
