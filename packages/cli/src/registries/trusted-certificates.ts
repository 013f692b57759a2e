import { getCACertificates } from 'node:tls';

/**
 * The authorities to trust: those that come with Node and NODE_EXTRA_CA_CERTS, those of the system (SSL_CERT_FILE and
 * SSL_CERT_DIR included), and the given ones. Never fails.
 */
export function listTrustedCertificates(ca: string | undefined): readonly string[] {
  const known = new Set([...getCACertificates('default'), ...getCACertificates('system')]);
  return ca === undefined ? [...known] : [...known, ca];
}
