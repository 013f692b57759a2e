import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import type { Transact } from '#kernel/transaction';
import type { Audit } from '#tenancy/audit';
import { readChange } from './rules.ts';
import type { SettingStore } from './store.ts';
import { defaults, secretSettings, type SettingName, type Settings } from './table.ts';

export interface SettingsService extends Disposable {
  /** As they are now: at most a few seconds old where another node changed them. */
  current(): Settings;
  /** Changes what the body names, as an administrator of the registry. Fails with `body-invalid`. */
  update(asker: Asker, given: Readonly<Record<string, unknown>>): Promise<void>;
}

export interface SettingsDeps {
  readonly store: SettingStore;
  readonly transact: Transact;
  readonly audit: Pick<Audit, 'write'>;
  readonly clock: Clock;
  /** Refuses an address that the registry must not ask, before it is kept. Fails with `target-refused`. */
  readonly checkTarget: (url: string, field: string) => void;
  /** Told when they could not be read again; those known stay in force. */
  readonly onError: (error: unknown) => void;
}

/** Other nodes' changes are seen after so long. */
const refreshMs = 5000;

/** Reads the settings and keeps them up to date until disposal. */
export async function openSettings(deps: SettingsDeps): Promise<SettingsService> {
  const { store, transact, audit, clock } = deps;
  let current: Settings = { ...defaults, ...(await store.read()) };

  async function refresh(): Promise<void> {
    current = { ...defaults, ...(await store.read()) };
  }
  const timer = setInterval(() => void refresh().catch(deps.onError), refreshMs).unref();

  return {
    current: () => current,
    async update(asker, given) {
      await refresh();
      const before = current;
      const change = readChange(given, before);
      if (Object.keys(change).length === 0) return;
      if (change.oidc_endpoint) deps.checkTarget(change.oidc_endpoint, 'body.oidc_endpoint');
      await transact(async (tx) => {
        await store.put(tx, change, clock());
        await audit.write(tx, {
          action: 'update-configuration',
          asker,
          resource: 'configuration',
          outcome: 'success',
          before: shown(change, before),
          after: shown(change, { ...before, ...change }),
        });
      });
      await refresh();
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}

/** The settings of a change as the audit may show them: of secrets only that they changed. */
function shown(change: Partial<Settings>, values: Settings): Record<string, unknown> {
  const names = Object.keys(change) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, secretSettings.has(name) ? '(secret)' : values[name]]));
}
