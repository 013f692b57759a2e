import type { Config } from '#platform/config';
import { SecretUnusable } from '#platform/crypto';
import { DatabaseUnusable } from '#platform/db';

/** Where it listens, as a part of an address. */
export function hostOf(config: Config): string {
  const { host } = config.listen;
  return host.includes(':') ? `[${host}]` : host;
}

/** One sentence for the usual reasons, with the mend. */
export function explainStart(error: unknown, config: Config): string {
  if (error instanceof DatabaseUnusable || error instanceof SecretUnusable) return error.message;
  const { code, message, path } = error as { code?: string; message?: string; path?: string };
  const where = `${hostOf(config)}:${config.listen.port}`;
  switch (code) {
    case 'EADDRINUSE':
      return `The address ${where} is in use by another process: stop it, or give --listen another port.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `The address ${where} is not an address of this machine.`;
    case 'EACCES':
      if (path === undefined)
        return `Listening on ${where} is not permitted: use a port above 1023 or give the process the right.`;
      return `${path} cannot be written: give the user that runs Entrepot the right to it.`;
    case 'EROFS':
      return `${path ?? config.data} is on a read-only file system: mount it writable, or give --data another folder.`;
    case 'ENOSPC':
      return `There is no space left for ${path ?? config.data}: make room and start again. Nothing was changed.`;
    default:
      return `Entrepot cannot start: ${message ?? String(error)}`;
  }
}
