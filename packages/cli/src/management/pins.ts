import { listPins } from '@entrepot/contract/entrepot/pin';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import type { ManagementClient } from './client.ts';

/**
 * Says of each repository whether it is pinned. A registry that knows no pins, or does not tell of a project, has none.
 * Rejects as `call` does otherwise.
 */
export async function withPins<T extends { readonly name?: string | undefined }>(
  client: ManagementClient,
  repositories: readonly T[],
): Promise<(T & { readonly pinned: boolean })[]> {
  const projects = new Set(repositories.flatMap(({ name }) => name?.split('/', 1)[0] ?? []));
  const pinned = new Set<string>();
  for (const project of projects) {
    for (const name of await pinsOf(client, project)) pinned.add(name);
  }
  return repositories.map((one) => ({ ...one, pinned: pinned.has(one.name ?? '') }));
}

async function pinsOf(client: ManagementClient, project: string): Promise<string[]> {
  try {
    const { body } = await client.call(listPins, { params: { project_name: project } });
    return body.map(({ repository }) => repository);
  } catch (error) {
    if (error instanceof RegistryResponseError && [401, 403, 404].includes(error.status)) return [];
    throw error;
  }
}
