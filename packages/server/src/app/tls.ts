import { readFile } from 'node:fs/promises';
import { unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:http';
import { createSecureContext, type SecureVersion, type TLSSocket, type TlsOptions } from 'node:tls';
import { renewCertificates } from '#platform/http/server';

export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  readonly minVersion: SecureVersion;
  readonly clientCa: string | undefined;
  readonly clientAuth: 'none' | 'optional' | 'required';
}

export interface ReloadingTls extends Disposable {
  readonly options: TlsOptions;
  /** Gives the server the new certificates whenever the files change and fit together. */
  onRenewal(server: Server): void;
}

/** Where certificates are optional, none is fine; one that our authority did not sign is not. */
function refuseForeignCertificate(socket: TLSSocket): void {
  if (!socket.authorized && Object.keys(socket.getPeerCertificate()).length > 0) socket.destroy();
}

/** Certificates on network file systems and in Kubernetes volumes change without an event, so the files are looked at. */
const lookEveryMs = 2000;

/** Reads certificate and key, and watches them. Rejects with one sentence when they cannot be used. */
export async function loadTls(
  files: TlsFiles,
  told: (message: string, error?: unknown) => void,
): Promise<ReloadingTls> {
  const paths = [files.certificate, files.key, ...(files.clientCa === undefined ? [] : [files.clientCa])];

  async function read(): Promise<TlsOptions> {
    const [cert, key, ca] = await Promise.all(paths.map((path) => readFile(path)));
    const options: TlsOptions = {
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(ca === undefined ? {} : { ca }),
      minVersion: files.minVersion,
    };
    // Before anything listens with them: what is no certificate, and a key that belongs to another one.
    try {
      createSecureContext(options);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message.replace(/^error:[0-9A-F]+:/i, '') : String(cause);
      throw new Error(`The certificate and key in ${paths.join(', ')} cannot be used: ${reason}.`, { cause });
    }
    return options;
  }

  const options: TlsOptions = {
    ...(await read()),
    requestCert: files.clientAuth !== 'none',
    rejectUnauthorized: files.clientAuth === 'required',
  };
  let server: Server | undefined;
  const renew = () => {
    read()
      .then((renewed) => {
        if (server !== undefined) renewCertificates(server, renewed);
        told('The certificates were renewed.');
      })
      .catch((error: unknown) => told('The changed certificates cannot be used; the old ones stay.', error));
  };
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, renew);
  return {
    options,
    onRenewal(of) {
      server = of;
      if (files.clientAuth === 'optional') of.on('secureConnection', refuseForeignCertificate);
    },
    [Symbol.dispose]() {
      for (const path of paths) unwatchFile(path, renew);
    },
  };
}
