import { DirectoryError } from './directory-error.ts';
import type { DirectoryProtection, DirectoryServer } from './types.ts';

const schemes: Readonly<Record<string, { readonly protection: DirectoryProtection; readonly port: number }>> = {
  'ldap:': { protection: 'none', port: 389 },
  'ldaps:': { protection: 'tls', port: 636 },
  'ldap+starttls:': { protection: 'start-tls', port: 389 },
};

const mostServers = 16;

/**
 * Reads where a directory is: one URL or several, divided by white space or commas. `ldap`, `ldaps` and `ldap+starttls`
 * name the protection; a bare name means `ldap`, as in Harbor. Fails with `misconfigured` for anything else, for user
 * names, and for paths: what is searched stands in settings of its own.
 */
export function parseDirectoryUrls(text: string): readonly DirectoryServer[] {
  const urls = text.split(/[\s,]+/).filter((url) => url !== '');
  if (urls.length === 0) throw new DirectoryError('misconfigured', 'No LDAP URL is given.');
  if (urls.length > mostServers) {
    throw new DirectoryError('misconfigured', `There are ${urls.length} LDAP URLs; ${mostServers} are the most.`);
  }
  return urls.map(parseOne);
}

function parseOne(text: string): DirectoryServer {
  const url = URL.parse(text.includes('://') ? text : `ldap://${text}`);
  const scheme = url === null ? undefined : schemes[url.protocol];
  if (url === null || scheme === undefined || url.hostname === '') {
    throw new DirectoryError(
      'misconfigured',
      'An LDAP URL is ldap://host:port, ldaps://host:port or ldap+starttls://host:port.',
    );
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '' || /[^/]/.test(url.pathname)) {
    throw new DirectoryError('misconfigured', 'An LDAP URL has a scheme, a host and a port, and nothing else.');
  }
  return {
    protection: scheme.protection,
    host: hostOf(url),
    port: url.port === '' ? scheme.port : Number(url.port),
  };
}

/** Schemes that URL does not know keep their host as written; reading it as HTTP's folds `0x7f.1` and `127.1` to the address they mean. */
function hostOf(url: URL): string {
  const host = URL.parse(`http://${url.hostname}`)?.hostname;
  if (host === undefined || host === '') throw new DirectoryError('misconfigured', 'The host in an LDAP URL is none.');
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
