import { statfs } from 'node:fs/promises';
import { getHealth } from '@entrepot/contract/harbor/health';
import { getPing } from '@entrepot/contract/harbor/ping';
import { getCert, getSystemInfo, getVolumes } from '@entrepot/contract/harbor/systeminfo';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Config } from '#platform/config';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { SettingsService } from '#tenancy/settings';
import type { Probe } from './probe.ts';

export interface SystemRoutesDeps {
  readonly config: Pick<Config, 'blobs' | 'data'>;
  readonly settings: Pick<SettingsService, 'current'>;
  readonly database: Probe;
  readonly blobs: Probe;
  readonly isReadOnly: () => boolean;
  readonly version: string;
  readonly clock: Clock;
}

/** The release of Harbor whose API this is; clients turn on by it what they know. */
const harborRelease = 'v2.15.2';

/** What Harbor is made of, by the names that monitors look for. Here it is all one process, with a database and a store. */
const partsOf = { database: ['database'], blobs: ['registry', 'registryctl'] } as const;
const ownParts = ['core', 'jobservice', 'portal', 'redis'] as const;

/** How the registry is, and what it is. */
export function systemRoutes(deps: SystemRoutesDeps): ManagedRoute[] {
  const { config, settings, version } = deps;
  return [
    serve(getPing, async () => ({ status: 200, body: 'Pong' })),
    serve(getHealth, async () => {
      const [database, blobs] = await Promise.all([deps.database(), deps.blobs()]);
      const failed = { database: database.error !== undefined, blobs: blobs.error !== undefined };
      const describe = (name: string, isDown: boolean) =>
        isDown
          ? { name, status: 'unhealthy' as const, error: 'does not answer' }
          : { name, status: 'healthy' as const };
      const components = [
        ...ownParts.map((name) => describe(name, false)),
        ...partsOf.database.map((name) => describe(name, failed.database)),
        ...partsOf.blobs.map((name) => describe(name, failed.blobs)),
      ];
      const status = failed.database || failed.blobs ? ('unhealthy' as const) : ('healthy' as const);
      return { status: 200, body: { status, components } };
    }),
    serve(getSystemInfo, async ({ asker, base }) => {
      const now = settings.current();
      const open = {
        auth_mode: now.auth_mode,
        primary_auth_mode: now.primary_auth_mode,
        self_registration: now.self_registration,
        banner_message: now.banner_message,
        ...(now.oidc_name === '' ? {} : { oidc_provider_name: now.oidc_name }),
        harbor_version: `${harborRelease}-entrepot-${version}`,
      };
      if (asker.actor.kind === 'anonymous') return { status: 200, body: open };
      const more = {
        current_time: new Date(deps.clock()).toISOString(),
        registry_url: base.replace(/^https?:\/\//, ''),
        external_url: base,
        project_creation_restriction: now.project_creation_restriction,
        has_ca_root: false,
        registry_storage_provider_name: config.blobs.kind,
        read_only: deps.isReadOnly(),
        notification_enable: now.notification_enable,
      };
      return { status: 200, body: { ...open, ...more } };
    }),
    serve(getVolumes, async () => {
      // A bucket has no size that anybody knows.
      if (config.blobs.kind !== 'filesystem') return { status: 200, body: { storage: [] } };
      const { bsize, blocks, bavail } = await statfs(config.data);
      return { status: 200, body: { storage: [{ total: bsize * blocks, free: bsize * bavail }] } };
    }),
    serve(getCert, async () => {
      throw new RegistryError('not-found', 'There is no certificate to download: ask the operator for that of the CA.');
    }),
  ];
}
