import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Credentials } from './registry-client.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** A home of its own for a client program: nothing of this machine's settings or logins is seen in it. */
export interface ClientHome extends AsyncDisposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** A path inside the home. */
  path(...parts: string[]): string;
  /** Writes a login file as `docker login` would; answers with its path. */
  writeLogin(host: string, credentials: Credentials): Promise<string>;
}

export async function makeClientHome(purpose: string): Promise<ClientHome> {
  // podman takes no folder for what runs whose path is longer than 50 characters.
  const temporary = await makeTemporaryFolder(purpose, '/tmp');
  const path = (...parts: string[]): string => join(temporary.path, ...parts);
  const settings = path('.config/containers');
  for (const folder of [settings, path('run'), path('tmp'), path('.docker')]) await mkdir(folder, { recursive: true });
  await writeFile(join(settings, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await writeFile(join(settings, 'registries.conf'), 'unqualified-search-registries = []\n');
  await writeFile(path('no-login.json'), '{}');
  let logins = 0;
  return {
    folder: temporary.path,
    env: {
      PATH: process.env['PATH'],
      HOME: temporary.path,
      XDG_CONFIG_HOME: path('.config'),
      XDG_RUNTIME_DIR: path('run'),
      XDG_CACHE_HOME: path('.cache'),
      XDG_DATA_HOME: path('.data'),
      TMPDIR: path('tmp'),
      DOCKER_CONFIG: path('.docker'),
      REGISTRY_AUTH_FILE: path('no-login.json'),
      CONTAINERS_REGISTRIES_CONF: join(settings, 'registries.conf'),
    },
    path,
    async writeLogin(host, { user, password }) {
      const auth = Buffer.from(`${user}:${password}`).toString('base64');
      const file = path(`login-${++logins}.json`);
      await writeFile(file, JSON.stringify({ auths: { [host]: { auth } } }));
      return file;
    },
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}
