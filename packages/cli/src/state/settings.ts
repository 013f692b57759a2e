import { getConfigurations, updateConfigurations } from '@entrepot/contract/harbor/configure';
import type { ManagementClient } from '#src/management/client';
import { entriesOf, isKnown, type Read, secret } from './read-value.ts';

/** Settings under Harbor's names. */
export type Settings = Readonly<Record<string, unknown>>;

const { shape } = updateConfigurations.body;
const known = Object.keys(shape).sort();
const secretNames: ReadonlySet<string> = new Set(['ldap_search_password', 'oidc_client_secret', 'uaa_client_secret']);

export const readSettings: Read<Settings> = (value, place) => {
  const given = entriesOf(value, place)?.filter(([key]) => isKnown(key, known, place));
  const read = given?.map(([key, one]) => {
    if (secretNames.has(key)) {
      return [key, secret(one, place.child(key))];
    }
    const checked = shape[key as keyof typeof shape].safeParse(one);
    if (!checked.success) {
      place.child(key).fault(checked.error.issues[0]?.message ?? 'it cannot be that');
    }
    return [key, one ?? undefined];
  });
  return read && (Object.fromEntries(read) as Settings);
};

/** Settings that can be changed there, without secrets. Rejects as the API does. */
export async function fetchSettings(client: ManagementClient): Promise<Settings> {
  const { body } = await client.call(getConfigurations);
  return Object.fromEntries(
    Object.entries(body)
      .filter(([key, one]) => known.includes(key) && !secretNames.has(key) && (one as { editable: boolean }).editable)
      .map(([key, one]) => [key, (one as { value: unknown }).value]),
  );
}

/** Rejects as the API does; nothing is changed then. */
export async function changeSettings(client: ManagementClient, settings: Settings): Promise<void> {
  await client.call(updateConfigurations, { body: settings });
}
