import type { CliContext } from '#src/context';
import { CredentialError } from '#src/failures/failures';
import { type AuthFile, findAuthFile, newAuthFile, writeAuths } from './auth-file.ts';
import { isKeyOfRegistry, keyForRegistry } from './auth-key.ts';
import { listAuthLocations } from './auth-locations.ts';
import { storeWithHelper } from './credential-helper.ts';
import { findHelper } from './find-credentials.ts';

/** Credentials to keep. */
export interface CredentialsToKeep {
  readonly registry: string;
  readonly username: string;
  readonly password: string;
  readonly authfile?: string | undefined;
}

/** The first file there is, else the first place there could be one. */
async function chooseFile(authfile: string | undefined, context: CliContext): Promise<AuthFile> {
  const locations = listAuthLocations(context.env, authfile).filter(({ kind }) => kind !== 'legacy');
  for (const location of locations) {
    const file = await findAuthFile(location);
    if (file !== undefined) {
      return file;
    }
  }
  const [first] = locations;
  if (first === undefined) {
    throw new CredentialError('there is no place to keep credentials', 'set HOME, or name a file with --authfile.');
  }
  return newAuthFile(first);
}

/**
 * Keeps credentials where other tools look for them: with the helper that the file names for the registry, else in the
 * file, readable by this user alone. Answers with the place, for telling. Rejects with CredentialError.
 */
export async function keepCredentials(kept: CredentialsToKeep, context: CliContext): Promise<string> {
  const { registry, username, password, authfile } = kept;
  if (username.includes(':')) {
    throw new CredentialError('a user name with a colon cannot be kept', 'the colon separates name and password.');
  }
  const file = await chooseFile(authfile, context);
  const key = keyForRegistry(registry);
  const others = Object.fromEntries(Object.entries(file.auths).filter(([name]) => !isKeyOfRegistry(name, registry)));
  const helper = findHelper(file, registry);
  if (helper !== undefined) {
    await storeWithHelper(helper, key, username, password, context);
    // Docker marks registries whose credentials are with a helper by an empty entry.
    await writeAuths(file, { ...others, [key]: {} });
    return `docker-credential-${helper}`;
  }
  const auth = Buffer.from(`${username}:${password}`, 'utf8').toString('base64');
  await writeAuths(file, { ...others, [key]: { auth } });
  return file.location.path;
}
