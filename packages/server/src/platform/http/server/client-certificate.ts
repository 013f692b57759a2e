import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '#kernel/clock';
import { createLru } from '#platform/cache';

/** The names in a client's certificate that a certificate authority of ours vouches for. */
export interface CertificateNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
  /** Only where there is exactly one. */
  readonly commonName: string | undefined;
}

/** Whose certificate a request came with; undefined for none, and for one that nobody checked. */
export type ReadCertificate = (request: IncomingMessage) => CertificateNames | undefined;

export interface CertificateSources {
  /** Networks whose header is believed, in CIDR notation. */
  readonly trustedProxies: readonly string[];
  /** The header in which a proxy hands a certificate on that it has checked; in small letters. */
  readonly header: string | undefined;
  readonly clock: Clock;
}

/** A certificate has a few thousand bytes, a header not many more. */
const longestHeader = 16_384;

interface Held {
  readonly names: CertificateNames;
  readonly from: number;
  readonly to: number;
}

/**
 * Reads client certificates: of the connection itself where TLS ends here, else of the header that a trusted proxy
 * sets, as RFC 9440 has it (`:base64 of DER:`) or as nginx writes it (PEM, percent-encoded). From anybody else the
 * header is nothing.
 */
export function createReadCertificate({ trustedProxies, header, clock }: CertificateSources): ReadCertificate {
  const trusted = new BlockList();
  for (const network of trustedProxies) {
    const [address = '', bits] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    trusted.addSubnet(address, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  }
  const bySocket = new WeakMap<object, { readonly names: CertificateNames | undefined }>();
  const byHeader = createLru<Held | 'unreadable'>({ capacity: 1000 });

  function isProxy({ socket }: IncomingMessage): boolean {
    const { remoteAddress: address = '' } = socket;
    const plain = address.startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address;
    return isIP(plain) !== 0 && trusted.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4');
  }

  function ofConnection(socket: TLSSocket): CertificateNames | undefined {
    const known = bySocket.get(socket);
    if (known !== undefined) return known.names;
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const names = certificate && namesOf(certificate);
    bySocket.set(socket, { names });
    return names;
  }

  function ofHeader(text: string): CertificateNames | undefined {
    if (text.length > longestHeader) return undefined;
    const known = byHeader.get(text) ?? readHeader(text);
    byHeader.set(text, known);
    if (known === 'unreadable' || clock() < known.from || clock() > known.to) return undefined;
    return known.names;
  }

  return (request) => {
    if (header !== undefined && isProxy(request)) {
      const sent = request.headers[header];
      return typeof sent === 'string' && sent !== '' ? ofHeader(sent) : undefined;
    }
    const socket = request.socket as TLSSocket;
    return socket.encrypted === true ? ofConnection(socket) : undefined;
  };
}

function readHeader(text: string): Held | 'unreadable' {
  const bare = /^:([A-Za-z0-9+/=]+):$/.exec(text)?.[1];
  try {
    const certificate = new X509Certificate(
      bare === undefined ? decodeURIComponent(text) : Buffer.from(bare, 'base64'),
    );
    return {
      names: namesOf(certificate),
      from: Date.parse(certificate.validFrom),
      to: Date.parse(certificate.validTo),
    };
  } catch {
    return 'unreadable';
  }
}

/**
 * `URI:spiffe://x, DNS:y`: what holds a comma or a quote is a JSON string, so that one name cannot pass for two
 * (CVE-2021-44532).
 */
const alternativeName = /(?:^|, )(\w[\w ]*):("(?:[^"\\]|\\.)*"|[^,]*)/g;

function namesOf(certificate: X509Certificate): CertificateNames {
  const names = [...(certificate.subjectAltName ?? '').matchAll(alternativeName)].map(([, kind, text = '']) => ({
    kind,
    name: text.startsWith('"') ? String(JSON.parse(text)) : text,
  }));
  const ofKind = (kind: string) => names.filter((name) => name.kind === kind).map(({ name }) => name);
  const { CN: commonName } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  return {
    uris: ofKind('URI'),
    dnsNames: ofKind('DNS'),
    emails: ofKind('email'),
    commonName: typeof commonName === 'string' ? commonName : undefined,
  };
}
