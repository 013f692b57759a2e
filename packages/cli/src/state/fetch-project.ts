import { getProjectUsage } from '@entrepot/contract/entrepot/quota';
import { getCurrentUserInfo } from '@entrepot/contract/harbor/user';
import { RegistryResponseError } from '@entrepot/oci/client/errors';
import type { ManagementClient } from '#src/management/client';
import { findProject } from '#src/management/find-one';
import { isMetadataKey } from './documents.ts';
import { inProject } from './kind.ts';
import { isMissingOperation } from './plan-list.ts';

/** A project as the registry has it. */
export interface ProjectThere {
  readonly public: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** Of its own; undefined where that of the registry counts. */
  readonly cve_allowlist: readonly string[] | undefined;
  /** Until when its own list counts, in seconds since 1970. */
  readonly cveExpiry: number | null | undefined;
  /** Bytes and artifacts, -1 for no limit; undefined where the registry has no quotas yet. */
  readonly quota: { readonly storage: number; readonly count: number } | undefined;
  readonly repositories: number;
}

export const isNotFound = (error: unknown): boolean => error instanceof RegistryResponseError && error.status === 404;

async function fetchQuota(client: ManagementClient, project: string): Promise<ProjectThere['quota']> {
  try {
    return (await client.call(getProjectUsage, inProject(project))).body.hard;
  } catch (error) {
    if (isMissingOperation(error) || isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

/** Undefined where there is no such project. Rejects as the API does. */
export async function fetchProject(client: ManagementClient, name: string): Promise<ProjectThere | undefined> {
  try {
    const project = await findProject(client, name);
    const metadata = Object.entries(project.metadata ?? {}).filter(
      (entry): entry is [string, string] => isMetadataKey(entry[0]) && typeof entry[1] === 'string',
    );
    const keepsOwn = project.metadata?.reuse_sys_cve_allowlist === 'false';
    return {
      public: project.metadata?.public === 'true',
      metadata: Object.fromEntries(metadata),
      cve_allowlist: keepsOwn
        ? (project.cve_allowlist?.items ?? []).map(({ cve_id: id = '' }) => id).sort()
        : undefined,
      cveExpiry: keepsOwn ? project.cve_allowlist?.expires_at : undefined,
      quota: await fetchQuota(client, name),
      repositories: project.repo_count,
    };
  } catch (error) {
    if (isNotFound(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The user that asks, who administers what he makes; undefined for a robot. */
export async function fetchOwnName(client: ManagementClient): Promise<string | undefined> {
  try {
    return (await client.call(getCurrentUserInfo)).body.username;
  } catch (error) {
    if (error instanceof RegistryResponseError && error.status !== 401) {
      return undefined;
    }
    throw error;
  }
}
