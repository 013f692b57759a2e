import type { CliContext } from '#src/context';
import { findAuthFile } from './auth-file.ts';
import { hostOfKey } from './auth-key.ts';
import { listAuthLocations } from './auth-locations.ts';

/** The registries there are credentials for, and the one of ENTREPOT_HOST. Rejects with CredentialError. */
export async function listKnownHosts(context: CliContext): Promise<readonly string[]> {
  const { ENTREPOT_HOST: own } = context.env;
  const hosts = new Set(own ? [own] : []);
  for (const location of listAuthLocations(context.env, undefined)) {
    const file = await findAuthFile(location);
    for (const key of [...Object.keys(file?.auths ?? {}), ...Object.keys(file?.credHelpers ?? {})]) {
      hosts.add(hostOfKey(key));
    }
  }
  return [...hosts].toSorted();
}
