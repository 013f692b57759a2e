import { isIPv6 } from 'node:net';
import { Unparsable } from './unparsable.ts';

/** Where to listen. */
export interface ListenAddress {
  /** A name or an address, without brackets; `::` is every interface of the machine, IPv6 and IPv4. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** Reads `HOST:PORT`, `[::1]:5080` or `:5080`. */
export function parseListen(text: string): ListenAddress {
  const trimmed = text.trim();
  if (/^\d+$/.test(trimmed)) throw new Unparsable(`HOST:PORT: write :${trimmed} for every interface`);
  const match = /^(?:\[([^\]]*)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(trimmed);
  const [, bracketed, plain, portText] = match ?? [];
  const port = Number(portText);
  if (match === null || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new Unparsable('HOST:PORT such as 127.0.0.1:5080, [::1]:5080 or :5080, with a port up to 65535');
  }
  const host = bracketed ?? plain ?? '';
  return { host: host === '' || host === '*' ? '::' : host, port };
}
