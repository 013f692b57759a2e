import type { Credentials } from '@entrepot/oci/client/credentials';
import type { CliContext } from '#src/context';
import { type AuthFile, findAuthFile, readEntry } from './auth-file.ts';
import { findBestKey, isKeyOfRegistry, keysForRegistry } from './auth-key.ts';
import { listAuthLocations } from './auth-locations.ts';
import { getFromHelper, ifInstalled } from './credential-helper.ts';

/** For whom credentials are looked for. */
export interface CredentialQuery {
  readonly registry: string;
  readonly repository?: string;
  readonly authfile?: string | undefined;
}

/** The helper that a file names for a registry; undefined when it names none. Never fails. */
export function findHelper(file: AuthFile, registry: string): string | undefined {
  const key = Object.keys(file.credHelpers).find((name) => isKeyOfRegistry(name, registry));
  return key === undefined ? file.credsStore : file.credHelpers[key];
}

async function askHelper(helper: string, registry: string, context: CliContext): Promise<Credentials | undefined> {
  for (const key of keysForRegistry(registry)) {
    const found = await getFromHelper(helper, key, context);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

async function findInFile(
  file: AuthFile,
  { registry, repository }: CredentialQuery,
  context: CliContext,
): Promise<Credentials | undefined> {
  const helper = findHelper(file, registry);
  const withHelper =
    helper === undefined
      ? undefined
      : await ifInstalled(() => askHelper(helper, registry, context), undefined, file.location.path, context);
  if (withHelper !== undefined) {
    return withHelper;
  }
  const namespaced = file.location.kind === 'containers' ? repository : undefined;
  const key = findBestKey(Object.keys(file.auths), registry, namespaced);
  return key === undefined ? undefined : readEntry(file.auths[key] ?? {});
}

/**
 * Looks for credentials in the files and helpers that other tools use, in their order; undefined when there are none.
 * Rejects with CredentialError when a file or a helper cannot be read.
 */
export async function findCredentials(query: CredentialQuery, context: CliContext): Promise<Credentials | undefined> {
  for (const location of listAuthLocations(context.env, query.authfile)) {
    const file = await findAuthFile(location);
    const found = file === undefined ? undefined : await findInFile(file, query, context);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}
