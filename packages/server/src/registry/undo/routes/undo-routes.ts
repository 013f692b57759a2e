import {
  getDeletion,
  listAllDeletions,
  listDeletions,
  purgeDeletedProject,
  purgeDeletion,
  restoreDeletion,
  restoreProject,
} from '@entrepot/contract/entrepot/undo';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { DeletedArtifact, DeletionOverview, DeletionReadModel } from '#registry/deletions';
import { deletionNotFound, type Undo } from '#registry/undo';
import type { ProjectUndo } from '#registry/undo/projects';
import type { Access } from '#tenancy/access';

export interface UndoRoutesDeps {
  readonly deletions: DeletionReadModel;
  readonly undo: Undo;
  readonly projectUndo: Pick<ProjectUndo, 'restore'>;
  readonly access: Pick<Access, 'demand'>;
}

/** What is shown of a deletion at once. */
const mostShown = 100;

const textOf = (at: number) => new Date(at).toISOString();

function show(deletion: DeletionOverview) {
  return {
    id: deletion.id,
    kind: deletion.kind,
    project_id: deletion.projectId,
    project_name: deletion.projectName,
    repository: deletion.repository ?? null,
    tag: deletion.tag ?? null,
    digest: deletion.digest ?? null,
    artifact_count: deletion.artifacts,
    tag_count: deletion.tags,
    size: deletion.size,
    actor: deletion.by,
    deleted_at: textOf(deletion.at),
    restorable_until: textOf(deletion.expiresAt),
  };
}

function showArtifact({ digest, mediaType, type, totalSize, pushedAt, attachedTo, tags }: DeletedArtifact) {
  return {
    digest,
    media_type: mediaType,
    type: type === '' ? 'UNKNOWN' : type,
    size: totalSize,
    push_time: textOf(pushedAt),
    attached_to: attachedTo ?? null,
    tags,
  };
}

/** The bin over HTTP. */
export function undoRoutes({ deletions, undo, projectUndo, access }: UndoRoutesDeps): ManagedRoute[] {
  async function find(id: number, projectId: number | undefined): Promise<DeletionOverview> {
    const found = await deletions.find(id, projectId);
    if (found === undefined) throw deletionNotFound(id);
    return found;
  }

  return [
    serve(listDeletions, async ({ project, query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await deletions.list(project.id, list);
      return listReply(entries.map(show), total, list, url);
    }),
    serve(getDeletion, async ({ project, params }) => {
      const found = await find(params.deletion_id, project.id);
      const artifacts = await deletions.artifactsOf(found.id, mostShown);
      const tags = await deletions.tagsOf(found.id, mostShown);
      return { status: 200, body: { ...show(found), artifacts: artifacts.map(showArtifact), tags } };
    }),
    serve(restoreDeletion, async ({ asker, project, params }) => {
      const { tags } = await find(params.deletion_id, project.id);
      if (tags > 0) await access.demand(asker.actor, 'tag:create', { project });
      const { artifacts, left, alreadyThere, ...restored } = await undo.restore(asker, project, params.deletion_id);
      return {
        status: 200,
        body: {
          artifacts,
          tags: restored.tags,
          already_there: alreadyThere,
          left: left.map(({ digest, tag, reason }) => ({ digest, tag: tag ?? null, reason })),
        },
      };
    }),
    serve(purgeDeletion, async ({ asker, project, params }) => {
      await undo.purge(asker, await find(params.deletion_id, project.id));
      return { status: 200 };
    }),
    serve(listAllDeletions, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await deletions.list(undefined, list);
      return listReply(entries.map(show), total, list, url);
    }),
    serve(restoreProject, async ({ asker, params }) => {
      const { id, name, left } = await projectUndo.restore(asker, params.deletion_id);
      return { status: 200, body: { project_id: id, project_name: name, left } };
    }),
    serve(purgeDeletedProject, async ({ asker, params }) => {
      await undo.purge(asker, await find(params.deletion_id, undefined));
      return { status: 200 };
    }),
  ];
}
