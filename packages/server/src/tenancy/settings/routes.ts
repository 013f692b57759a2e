import { getConfigurations, getInternalconfig, updateConfigurations } from '@entrepot/contract/harbor/configure';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { SettingsService } from './service.ts';
import { isUnsupported, secretSettings, type SettingName, type Settings } from './table.ts';

/** Harbor's settings. */
export function settingRoutes({ settings }: { readonly settings: SettingsService }): ManagedRoute[] {
  return [
    serve(getConfigurations, async () => ({ status: 200, body: toBody(settings.current()) })),
    serve(getInternalconfig, async () => ({ status: 200, body: toBody(settings.current()) })),
    serve(updateConfigurations, async ({ asker, body }) => {
      await settings.update(asker, body);
      return { status: 200 };
    }),
  ];
}

function toBody(settings: Settings): Record<string, { value: unknown; editable: boolean }> {
  const shown = Object.entries(settings).filter(
    ([name]) => !secretSettings.has(name as SettingName) || name === 'uaa_client_secret',
  );
  const values = Object.fromEntries(shown.map(([name, value]) => [name, { value, editable: !isUnsupported(name) }]));
  // Its own operations change it; clients of Harbor fall over where it is not there.
  return { ...values, scan_all_policy: { value: null, editable: false } };
}
