import { RegistryTrustError } from './errors.ts';

// Domains under which strangers hold neighbouring names, as far as registries live there. Everything else is judged
// by its last two labels, or three where the country's second label is a public one.
const sharedHosting = new Set([
  'amazonaws.com',
  'azurecr.io',
  'azurecr.cn',
  'azurewebsites.net',
  'cloudfront.net',
  'core.windows.net',
  'fly.dev',
  'github.io',
  'herokuapp.com',
  'netlify.app',
  'ngrok.io',
  'onrender.com',
  'pages.dev',
  'pkg.dev',
  'run.app',
  'sslip.io',
  'vercel.app',
  'workers.dev',
]);
const publicSecondLabels = new Set(['ac', 'co', 'com', 'edu', 'gov', 'ne', 'net', 'or', 'org']);

/** The part of a host name that one party registers; undefined for addresses and single labels. */
function registrableDomain(host: string): string | undefined {
  const labels = host.split('.');
  if (host.includes(':') || labels.length < 2 || /^[0-9]*$/.test(labels.at(-1) ?? '')) {
    return undefined;
  }
  const underCountry = labels.at(-1)?.length === 2 && publicSecondLabels.has(labels.at(-2) ?? '');
  const taken = underCountry || sharedHosting.has(labels.slice(-2).join('.')) ? 3 : 2;
  return labels.length < taken ? undefined : labels.slice(-taken).join('.');
}

/** True when credentials for `registry` may go to `realm`: the same host, or a host of the same party. Never fails. */
export function sharesTrust(registry: string, realm: string): boolean {
  const domain = registrableDomain(registry);
  return registry === realm || (domain !== undefined && domain === registrableDomain(realm));
}

/**
 * Where an answer of a registry sends the client next (redirect, upload location, page link), resolved against `from`.
 * Plain HTTP on the same host is lifted to HTTPS, for registries that do not know of the proxy in front of them.
 * Throws RegistryTrustError for a scheme other than http and https, and for a way from HTTPS down to HTTP elsewhere.
 */
export function resolveTarget(location: string, from: URL): URL {
  const target = URL.parse(location, from);
  if (target === null || (target.protocol !== 'https:' && target.protocol !== 'http:')) {
    throw new RegistryTrustError(`${from.host} points to a location that is no HTTP address`);
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  if (from.protocol === 'https:' && target.protocol === 'http:') {
    if (target.hostname !== from.hostname) {
      throw new RegistryTrustError(`${from.host} points from https down to http on ${target.host}; refused`);
    }
    const lifted = new URL(from.origin);
    lifted.pathname = target.pathname;
    lifted.search = target.search;
    return lifted;
  }
  return target;
}

/**
 * Reads the realm of a Bearer challenge. Throws RegistryTrustError when it is no HTTP address, when it leads from
 * HTTPS down to HTTP, and, if credentials are to be sent there, when it belongs to another party than the registry and
 * is not among `trustedHosts` (CVE-2026-33540).
 */
export function parseRealm(realm: string, registry: URL, sendsSecret: boolean, trustedHosts: readonly string[]): URL {
  const url = URL.parse(realm);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.username !== '') {
    throw new RegistryTrustError(`${registry.host} names a token realm that is no HTTP address`);
  }
  if (registry.protocol === 'https:' && url.protocol === 'http:') {
    throw new RegistryTrustError(`${registry.host} names the token realm ${url.origin}, which is not https; refused`);
  }
  if (sendsSecret && !sharesTrust(registry.hostname, url.hostname) && !trustedHosts.includes(url.host)) {
    throw new RegistryTrustError(
      `${registry.host} names the token realm ${url.origin} of another party; credentials are not sent there ` +
        'unless that host is trusted explicitly',
    );
  }
  return url;
}
