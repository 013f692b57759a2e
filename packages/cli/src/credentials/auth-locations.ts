import { join } from 'node:path';
import { type CliContext, homeFolder } from '#src/context';

/** A file that may hold credentials, and whose rules it follows. */
export interface AuthLocation {
  readonly path: string;
  /** `containers`: keys are hosts or namespaces. `docker`: keys are hosts or addresses. `legacy`: entries at the top. */
  readonly kind: 'containers' | 'docker' | 'legacy';
}

/**
 * Where credentials are looked for, in order. A file that was named explicitly is the only one. Never fails.
 * @see https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md
 */
export function listAuthLocations(env: CliContext['env'], authfile: string | undefined): readonly AuthLocation[] {
  const named = authfile || env['REGISTRY_AUTH_FILE'];
  if (named) {
    return [{ path: named, kind: 'containers' }];
  }
  const home = homeFolder(env);
  const { XDG_RUNTIME_DIR: runtime, XDG_CONFIG_HOME: ownConfig, DOCKER_CONFIG: ownDocker } = env;
  const config = ownConfig || (home && join(home, '.config'));
  const docker = ownDocker || (home && join(home, '.docker'));
  const found: AuthLocation[] = [];
  if (runtime) {
    found.push({ path: join(runtime, 'containers', 'auth.json'), kind: 'containers' });
  }
  if (config) {
    found.push({ path: join(config, 'containers', 'auth.json'), kind: 'containers' });
  }
  if (docker) {
    found.push({ path: join(docker, 'config.json'), kind: 'docker' });
  }
  if (home) {
    found.push({ path: join(home, '.dockercfg'), kind: 'legacy' });
  }
  return found;
}
