import type { Clock } from '#kernel/clock';
import { createDirectory, type Directory, type DirectoryServer, parseDirectoryUrls } from '#platform/directory';
import type { LdapSettings } from './types.ts';

/** Harbor's `ldap_timeout` when it is not set. */
const defaultTimeoutSeconds = 5;

/** The directory of the settings. Fails with `DirectoryError` where their URL is none. */
export function openDirectory(
  settings: LdapSettings,
  more: {
    readonly clock: Clock;
    /** Only some of the settings' servers. */
    readonly servers?: readonly DirectoryServer[];
    readonly assertAddress?: ((address: string) => void) | undefined;
    readonly longestMs?: number;
  },
): Directory {
  const seconds = settings.timeoutSeconds > 0 ? settings.timeoutSeconds : defaultTimeoutSeconds;
  const timeoutMs = Math.min(seconds * 1000, more.longestMs ?? Infinity);
  return createDirectory({
    servers: more.servers ?? parseDirectoryUrls(settings.url),
    searchDn: settings.searchDn,
    searchPassword: settings.searchPassword,
    verifyCertificate: settings.verifyCertificate,
    ca: settings.ca,
    connectTimeoutMs: timeoutMs,
    answerTimeoutMs: timeoutMs,
    assertAddress: more.assertAddress,
    clock: more.clock,
  });
}
