import {
  copyArtifact,
  createTag,
  deleteArtifact,
  deleteTag,
  getAddition,
  getArtifact,
  getVulnerabilitiesAddition,
  listAccessories,
  listArtifacts,
  listTags,
} from '@entrepot/contract/harbor/artifact';
import { listArtifactsOfProject } from '@entrepot/contract/harbor/project';
import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Additions, ArtifactCopies, ArtifactReadModel, CopyEnd } from '#registry/artifacts';
import type { ArtifactPartsReadModel } from '#registry/artifacts/parts';
import type { ManifestUpkeep } from '#registry/manifests';
import type { TagPolicy } from '#registry/ports';
import { type Access, projectNotFound } from '#tenancy/access';
import { projectNameOf } from '#tenancy/projects';
import { type Locate, readSource, readTag } from './locate.ts';
import type { Pages } from './pages.ts';
import { renderAccessory, renderTag } from './render.ts';

export interface ArtifactRoutesDeps {
  readonly locate: Locate;
  readonly pages: Pages;
  readonly artifacts: ArtifactReadModel;
  readonly parts: ArtifactPartsReadModel;
  readonly upkeep: ManifestUpkeep;
  readonly copies: ArtifactCopies;
  readonly additions: Additions;
  readonly access: Pick<Access, 'findProject' | 'demand'>;
  readonly tagPolicy: TagPolicy;
}

export function artifactRoutes(deps: ArtifactRoutesDeps): ManagedRoute[] {
  const { locate, pages, artifacts, parts, upkeep, copies, additions, access, tagPolicy } = deps;

  /** Where a copy comes from: who asks reads artifacts there and pulls them, or is told that there is none. */
  async function findSource(asker: Asker, repository: CopyEnd['repository']): Promise<CopyEnd> {
    const name = projectNameOf(repository);
    const project = await access.findProject(name);
    if (project === undefined) throw projectNotFound(name);
    await access.demand(asker.actor, 'artifact:read', { project, repository });
    await access.demand(asker.actor, 'repository:pull', { project, repository });
    return { project, repository };
  }

  return [
    serve(listArtifacts, async ({ project, params, query, url }) => {
      const place = locate.place(project, params);
      const list = readListQuery(query);
      const repositoryId = await locate.repositoryId(place);
      const { entries, total } = await artifacts.list({ kind: 'repository', repositoryId }, list);
      return listReply(await pages.render(await pages.describe(entries), query), total, list, url);
    }),
    serve(listArtifactsOfProject, async ({ project, query, url }) => {
      const list = readListQuery(query);
      const scope = { kind: 'project', projectId: project.id, latestOnly: query.latest_in_repository } as const;
      const { entries, total } = await artifacts.list(scope, list);
      return listReply(await pages.render(await pages.describe(entries), query), total, list, url);
    }),
    serve(getArtifact, async ({ project, params, query }) => {
      const found = await locate.artifact(locate.place(project, params), params.reference);
      const [body] = await pages.render(await pages.describe([found]), query);
      return { status: 200, body };
    }),
    serve(copyArtifact, async ({ asker, project, params, query }) => {
      const target = locate.place(project, params);
      const { repository, reference } = readSource(query.from);
      const source = await findSource(asker, repository);
      const digest = await copies.copy(asker, { ...source, reference }, target);
      const path = `/api/v2.0/projects/${project.name}/repositories/${encodeURIComponent(encodeURIComponent(params.repository_name))}`;
      return { status: 201, headers: { Location: `${path}/artifacts/${digest}` } };
    }),
    serve(deleteArtifact, async ({ asker, project, params }) => {
      const place = locate.place(project, params);
      const { digest } = await locate.artifact(place, params.reference);
      await upkeep.deleteWhole(asker, project, place.repository, digest);
      return { status: 200 };
    }),
    serve(createTag, async ({ asker, project, params, body }) => {
      const place = locate.place(project, params);
      const { digest } = await locate.artifact(place, params.reference);
      const tag = readTag(body.name);
      await upkeep.addTag(asker, project, place.repository, digest, tag);
      const path = `/api/v2.0/projects/${project.name}/repositories/${encodeURIComponent(encodeURIComponent(params.repository_name))}`;
      return { status: 201, headers: { Location: `${path}/artifacts/${params.reference}/tags/${tag}` } };
    }),
    serve(listTags, async ({ project, params, query, url }) => {
      const { id, repository } = await locate.artifact(locate.place(project, params), params.reference);
      const list = readListQuery(query);
      const { entries, total } = await parts.listTags(id, list);
      const guard = query.with_immutable_status ? await tagPolicy.guardOf(project.id) : undefined;
      const shown = entries.map((tag) => renderTag(tag, guard?.keeps(repository, tag.name)));
      return listReply(shown, total, list, url);
    }),
    serve(deleteTag, async ({ asker, project, params }) => {
      const place = locate.place(project, params);
      const { digest } = await locate.artifact(place, params.reference);
      await upkeep.removeTag(asker, project, place.repository, digest, readTag(params.tag_name));
      return { status: 200 };
    }),
    serve(listAccessories, async ({ project, params, query, url }) => {
      const artifact = await locate.artifact(locate.place(project, params), params.reference);
      const list = readListQuery(query);
      const { entries, total } = await parts.listAccessories(artifact, list);
      return listReply(entries.map(renderAccessory), total, list, url);
    }),
    serve(getVulnerabilitiesAddition, async ({ project, params }) => {
      // Without a scan there are no reports.
      await locate.artifact(locate.place(project, params), params.reference);
      return { status: 200, body: {} };
    }),
    serve(getAddition, async ({ project, params }) => {
      const place = locate.place(project, params);
      const found = await locate.artifact(place, params.reference);
      const [artifact] = await pages.describe([found]);
      if (artifact === undefined) throw new RegistryError('manifest-not-found', 'The artifact is not there any more.');
      const { type } = artifact;
      const addition = await additions.read(project, place.repository, { type, stored: found.stored }, params.addition);
      if ('text' in addition) return { status: 200, body: addition.text };
      const headers = { 'Content-Type': 'application/json; charset=utf-8' };
      return { status: 200, body: addition.json, headers };
    }),
  ];
}
