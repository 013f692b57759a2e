import { readFile } from 'node:fs/promises';
import type { Credentials } from '@entrepot/oci/client/credentials';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import { parseHost } from '#src/locations/host';
import { readPassword } from '#src/terminal/read-password';

/** How registries are reached and who asks, as options and variables say. */
export interface RegistryAccess {
  readonly plainHttp: boolean;
  readonly insecure: boolean;
  /** PEM text to trust beside what is trusted anyway. */
  readonly ca: string | undefined;
  readonly authfile: string | undefined;
  /** Credentials that were named for this call, and the registry they are for. */
  readonly named: { readonly registry: string; readonly credentials: Credentials } | undefined;
}

/** The values of `accessOptions`. */
export interface AccessOptions {
  readonly plainHttp: boolean;
  readonly insecure: boolean;
  readonly caFile: string | undefined;
  readonly authfile: string | undefined;
  readonly username: string | undefined;
  readonly passwordStdin: boolean;
}

async function readNamedCredentials(options: AccessOptions, context: CliContext): Promise<Credentials | undefined> {
  const { ENTREPOT_USERNAME: envName, ENTREPOT_PASSWORD: envPassword, ENTREPOT_TOKEN: token } = context.env;
  const { username, passwordStdin } = options;
  if (passwordStdin && username === undefined) {
    throw new UsageError('--password-stdin needs --username');
  }
  if (username !== undefined) {
    const password = passwordStdin ? await readPassword(context) : envPassword;
    if (!password) {
      throw new UsageError('--username needs a password', 'give it with --password-stdin, or log in: entrepot login');
    }
    return { kind: 'password', username, password };
  }
  if (token) {
    return { kind: 'registry-token', token };
  }
  return envName && envPassword ? { kind: 'password', username: envName, password: envPassword } : undefined;
}

async function readCa(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) {
    return undefined;
  }
  const text = await readFile(file, 'utf8');
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new UsageError(`${file} holds no certificate`, '--ca-file takes a file in PEM.');
  }
  return text;
}

/**
 * Reads how to reach the registries of one call. Named credentials go to one registry only: the one of ENTREPOT_HOST
 * where the variables give them and that is set, else the only one the call is about. Rejects with UsageError when it
 * is not clear for which registry they are.
 */
export async function readAccess(
  options: AccessOptions,
  registries: readonly string[],
  context: CliContext,
): Promise<RegistryAccess> {
  const credentials = await readNamedCredentials(options, context);
  const own = options.username === undefined ? context.env['ENTREPOT_HOST'] : undefined;
  const host = own ? parseHost(own) : undefined;
  const [only, ...others] = new Set(registries);
  if (credentials !== undefined && host === undefined && others.length > 0) {
    throw new UsageError(
      'it is not clear which of the two registries the credentials are for',
      `log in to each: entrepot login ${only}`,
    );
  }
  const registry = host ?? only;
  return {
    plainHttp: options.plainHttp,
    insecure: options.insecure,
    ca: await readCa(options.caFile),
    authfile: options.authfile,
    named: credentials === undefined || registry === undefined ? undefined : { registry, credentials },
  };
}
