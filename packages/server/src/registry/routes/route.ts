import type { Permission } from '@entrepot/contract/permissions';
import type { DistributionPath } from '@entrepot/oci/distribution-path';
import type { RepositoryName } from '@entrepot/oci/repository-name';
import type { Actor, Asker } from '#kernel/actor';
import type { Eventually } from '#kernel/eventually';
import type { Exchange, Reply } from '#platform/http';
import type { Project } from '#tenancy/projects';

type PathOf<K extends DistributionPath['kind']> = Extract<DistributionPath, { kind: K }>;

/** A request that may go on: who, where, and that the route's permission was granted there. */
export interface RepositoryRequest<P> {
  readonly exchange: Exchange;
  readonly path: P;
  readonly actor: Actor;
  readonly project: Project;
  readonly repository: RepositoryName;
  /** Made when an audit row needs it. */
  asker(): Asker;
}

export interface RegistryRequest {
  readonly exchange: Exchange;
  readonly actor: Actor;
}

interface RouteNames {
  readonly method: string;
  /** The template shown in metrics and in the tests' route table. */
  readonly template: string;
}

/** A route inside a repository: its permission is checked in the repository's project before the handler runs. */
export interface RepositoryRoute<K extends DistributionPath['kind'] = DistributionPath['kind']> extends RouteNames {
  readonly kind: K;
  readonly permission: Permission;
  readonly handle: (request: RepositoryRequest<PathOf<K>>) => Eventually<Reply>;
}

/** A route about the registry as a whole. */
export interface RegistryRoute extends RouteNames {
  readonly kind: 'base' | 'catalog' | 'extensions';
  readonly permission: 'public' | 'authenticated' | 'catalog:read';
  readonly handle: (request: RegistryRequest) => Eventually<Reply>;
}

export type DistributionRoute = RepositoryRoute | RegistryRoute;

type InRepository = 'tags' | 'manifest' | 'blob' | 'uploads' | 'upload' | 'referrers';

/** Declares a route; the kind of path decides what the handler gets. */
export function inRepository<K extends InRepository>(record: RepositoryRoute<K>): RepositoryRoute {
  return record as unknown as RepositoryRoute;
}

export function isRegistryRoute(record: DistributionRoute): record is RegistryRoute {
  return record.kind === 'base' || record.kind === 'catalog' || record.kind === 'extensions';
}
