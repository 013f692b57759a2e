import { isIP } from 'node:net';
import { Unparsable } from './unparsable.ts';

const expected = 'addresses or networks such as 10.0.0.0/8, 192.168.1.7 or fd00::/8';

/** Reads one network or address and answers `address/prefix`. */
export function parseCidr(text: string): string {
  const [address = '', prefix, ...rest] = text.trim().split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  if (family === 0 || rest.length > 0 || address.includes('%')) throw new Unparsable(expected);
  if (prefix === undefined) return `${address}/${bits}`;
  if (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits) throw new Unparsable(`${expected}, with at most /${bits}`);
  return `${address}/${Number(prefix)}`;
}
