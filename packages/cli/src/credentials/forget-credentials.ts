import type { CliContext } from '#src/context';
import { type AuthFile, findAuthFile, writeAuths } from './auth-file.ts';
import { isKeyOfRegistry, keysForRegistry } from './auth-key.ts';
import { listAuthLocations } from './auth-locations.ts';
import { eraseWithHelper, ifInstalled } from './credential-helper.ts';
import { findHelper } from './find-credentials.ts';

/** Whose credentials to forget; every registry's when none is named. */
export interface ForgetQuery {
  readonly registry: string | undefined;
  readonly authfile?: string | undefined;
}

/** Something forgotten: which registry, and where it was. */
export interface Forgotten {
  readonly registry: string;
  readonly place: string;
}

async function eraseFromHelper(file: AuthFile, registry: string, context: CliContext): Promise<Forgotten[]> {
  const helper = findHelper(file, registry);
  if (helper === undefined) {
    return [];
  }
  const places: Forgotten[] = [];
  for (const key of keysForRegistry(registry)) {
    const erase = () => eraseWithHelper(helper, key, context);
    if (await ifInstalled(erase, false, file.location.path, context)) {
      places.push({ registry, place: `docker-credential-${helper}` });
    }
  }
  return places;
}

async function forgetInFile(file: AuthFile, registry: string | undefined, context: CliContext): Promise<Forgotten[]> {
  const keys = Object.keys(file.auths).filter((key) => registry === undefined || isKeyOfRegistry(key, registry));
  const withHelpers = registry === undefined ? [...new Set([...keys, ...Object.keys(file.credHelpers)])] : [registry];
  const erased: Forgotten[] = [];
  for (const name of withHelpers) {
    erased.push(...(await eraseFromHelper(file, name, context)));
  }
  if (keys.length > 0) {
    await writeAuths(file, Object.fromEntries(Object.entries(file.auths).filter(([key]) => !keys.includes(key))));
  }
  const marks = new Set(erased.map((forgotten) => forgotten.registry));
  const written = keys.filter((key) => Object.keys(file.auths[key] ?? {}).length > 0 || !marks.has(registry ?? key));
  return [...erased, ...written.map((key) => ({ registry: registry ?? key, place: file.location.path }))];
}

/**
 * Forgets credentials in every file and helper in which they would be found; answers with what was forgotten, which may
 * be nothing. Rejects with CredentialError.
 */
export async function forgetCredentials(query: ForgetQuery, context: CliContext): Promise<readonly Forgotten[]> {
  const forgotten: Forgotten[] = [];
  for (const location of listAuthLocations(context.env, query.authfile)) {
    const file = await findAuthFile(location);
    if (file !== undefined) {
      forgotten.push(...(await forgetInFile(file, query.registry, context)));
    }
  }
  return forgotten;
}
