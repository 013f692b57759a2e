import { isIP, isIPv4, isIPv6 } from 'node:net';
import { RegistryError } from '#kernel/errors';

/** Where a request goes, as its address says it. */
export interface Target {
  readonly url: URL;
  /** A name in lower case or an address, without brackets. */
  readonly host: string;
  /** Whether the host is an address: nothing is to be resolved. */
  readonly literal: boolean;
  readonly port: number;
}

const longest = 2048;

const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/** The host as it is written, before the URL parser makes 127.0.0.1 of 2130706433, 0x7f.1, 127.1 and 127。0。0。1. */
const written = /^https?:\/\/(?<host>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::\d{1,5})?(?:[/?#]|$)/i;

/** A last label of digits, or of a hexadecimal number, makes the parser read the whole as an IPv4 address. */
const looksNumeric = /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/i;

function refuse(field: string, expected: string): never {
  throw new RegistryError('target-refused', `${field}: ${expected}.`);
}

/**
 * Reads the address of a target, before anything is asked of any network. Fails with `target-refused` for other schemes
 * than http and https, for credentials in it, and for a host that is not written in the one plain way.
 */
export function parseTarget(text: string, field: string): Target {
  const host = written.exec(text)?.groups?.['host'];
  if (host === undefined || text.length > longest || !URL.canParse(text)) {
    refuse(
      field,
      'expected an address such as https://host.example:8443/path, with http or https, a host in ASCII and no credentials',
    );
  }
  const url = new URL(text);
  const bare = url.hostname.replaceAll(/^\[|\]$/g, '');
  if (looksNumeric.test(host) && !(isIPv4(host) && bare === host)) {
    refuse(field, 'an IPv4 address is written as four decimal numbers');
  }
  if (host.startsWith('[') && !isIPv6(bare)) refuse(field, 'the host is no IPv6 address');
  if (!host.startsWith('[') && bare !== host.toLowerCase()) refuse(field, 'the host is not written plainly');
  return {
    url,
    host: bare,
    literal: isIP(bare) !== 0,
    port: url.port === '' ? (defaultPorts[url.protocol] ?? 0) : Number(url.port),
  };
}
