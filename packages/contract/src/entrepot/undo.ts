import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { listQuery, pageQuery } from '#src/harbor/paging';
import { id, time } from '#src/harbor/params';
import { namedProjectParams, repositoryParams } from '#src/harbor/repository';
import { type RouteRecord, route } from '#src/route';

const tag = 'undo';
const path = '/api/entrepot/v1/projects/{project_name}/deletions';
const onePath = `${path}/{deletion_id}`;
const params = namedProjectParams.extend({ deletion_id: id });
const systemPath = '/api/entrepot/v1/deletions';
const systemParams = z.object({ deletion_id: id });
const conflict = { 409: harborErrors, 412: harborErrors } as const;

const deletionFields = {
  id: z.int(),
  kind: z.enum(['artifact', 'tag', 'repository', 'project']),
  project_id: z.int(),
  project_name: z.string(),
  repository: z.string().nullable().meta({ description: "With the project's name." }),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
  artifact_count: z.int().meta({ description: 'Manifests that can be had back: parts and attachments count.' }),
  tag_count: z.int(),
  size: z.int().meta({ description: 'Bytes of its artifacts; what they share counts for each.' }),
  actor: z.string(),
  deleted_at: time,
  restorable_until: time,
};

const deletion = z.object(deletionFields).meta({ id: 'Deletion' });

const wholeDeletion = z
  .object({
    ...deletionFields,
    artifacts: z
      .array(
        z.object({
          digest: z.string(),
          media_type: z.string(),
          type: z.string(),
          size: z.int(),
          push_time: time,
          attached_to: z.string().nullable(),
          tags: z.array(z.string()),
        }),
      )
      .meta({ description: 'The first hundred.' }),
    tags: z
      .array(z.object({ name: z.string(), digest: z.string() }))
      .meta({ description: 'The first hundred, whether their artifacts went with them or not.' }),
  })
  .meta({ id: 'DeletionWhole' });

export const listDeletions = route({
  operationId: 'listDeletions',
  method: 'GET',
  path,
  tag,
  permission: 'artifact:create',
  at: 'project',
  summary: 'List what was deleted from a project and can be had back.',
  params: namedProjectParams,
  query: z.object(listQuery),
  responses: { 200: z.array(deletion), ...onOne },
});

export const getDeletion = route({
  operationId: 'getDeletion',
  method: 'GET',
  path: onePath,
  tag,
  permission: 'artifact:create',
  at: 'project',
  summary: 'Tell what went at one stroke.',
  params,
  responses: { 200: wholeDeletion, ...onOne },
});

export const restoreDeletion = route({
  operationId: 'restoreDeletion',
  method: 'POST',
  path: `${onePath}/restore`,
  tag,
  permission: 'artifact:create',
  at: 'project',
  summary: 'Undo a deletion. What is there already is skipped, and a tag that points elsewhere by now is left alone.',
  params,
  responses: {
    200: z
      .object({
        artifacts: z.int().meta({ description: 'Manifests that came back.' }),
        tags: z.int(),
        already_there: z.int(),
        left: z
          .array(z.object({ digest: z.string(), tag: z.string().nullable(), reason: z.string() }))
          .meta({ description: 'What could not be restored; the first hundred. It stays in the bin.' }),
      })
      .meta({ id: 'Restored' }),
    ...onOne,
    ...conflict,
  },
});

export const purgeDeletion = route({
  operationId: 'purgeDeletion',
  method: 'DELETE',
  path: onePath,
  tag,
  permission: 'project:delete',
  at: 'project',
  summary: 'Remove what was deleted before its time. It cannot be had back then.',
  params,
  responses: { 200: null, ...onOne },
});

export const listAllDeletions = route({
  operationId: 'listAllDeletions',
  method: 'GET',
  path: systemPath,
  tag,
  permission: 'audit-log:list',
  at: 'system',
  summary: 'List what was deleted from the registry and can be had back, projects too.',
  query: z.object(listQuery),
  responses: { 200: z.array(deletion), ...signedIn, 400: harborErrors },
});

export const restoreProject = route({
  operationId: 'restoreProject',
  method: 'POST',
  path: `${systemPath}/{deletion_id}/restore`,
  tag,
  permission: 'project:create',
  at: 'system',
  summary: 'Make a deleted project again as it was, with its members, robots and rules.',
  params: systemParams,
  responses: {
    200: z
      .object({
        project_id: z.int(),
        project_name: z.string(),
        left: z.array(z.string()).meta({ description: 'What did not come back, in words.' }),
      })
      .meta({ id: 'RestoredProject' }),
    ...onOne,
    409: harborErrors,
  },
});

export const purgeDeletedProject = route({
  operationId: 'purgeDeletedProject',
  method: 'DELETE',
  path: `${systemPath}/{deletion_id}`,
  tag,
  permission: 'garbage-collection:create',
  at: 'system',
  summary: 'Remove a deletion of any project before its time. It cannot be had back then.',
  params: systemParams,
  responses: { 200: null, ...onOne },
});

const tagPath = '/api/entrepot/v1/projects/{project_name}/repositories/{repository_name}/tags/{tag_name}';
const tagParams = repositoryParams.extend({ tag_name: z.string().min(1).max(128) });

export const getTagHistory = route({
  operationId: 'getTagHistory',
  method: 'GET',
  path: `${tagPath}/history`,
  tag,
  permission: 'tag:list',
  at: 'project',
  summary: 'Tell every change of a tag, the latest first.',
  params: tagParams,
  query: z.object(pageQuery),
  responses: {
    200: z.array(
      z
        .object({
          at: time,
          actor: z.string().nullable().meta({ description: 'For those who may tag here.' }),
          from: z.string().nullable().meta({ description: 'Null where the tag was made.' }),
          to: z.string().nullable().meta({ description: 'Null where the tag was taken away.' }),
          restorable: z.boolean().meta({ description: 'Whether the tag can point there again.' }),
        })
        .meta({ id: 'TagChange' }),
    ),
    ...onOne,
  },
});

export const rollbackTag = route({
  operationId: 'rollbackTag',
  method: 'POST',
  path: `${tagPath}/rollback`,
  tag,
  permission: 'tag:create',
  at: 'project',
  summary: 'Point a tag at what it pointed at before, also where that was deleted meanwhile.',
  params: tagParams,
  headers: z.object({ 'if-match': z.string().max(200).optional() }),
  body: z.object({
    to: z.string().max(200).nullish().meta({ description: 'A digest the tag pointed at once.' }),
    before: time.nullish().meta({ description: 'Where it pointed just before. Neither: before the last change.' }),
  }),
  bodyOptional: true,
  responses: {
    200: z
      .object({
        from: z.string().nullable(),
        to: z.string(),
        restored: z.int().meta({ description: 'Manifests that were brought back for it.' }),
        left: z.int().meta({ description: 'Parts and attachments of it that could not be.' }),
      })
      .meta({ id: 'RolledBack' }),
    ...onOne,
    ...conflict,
  },
});

export const undoRecords: readonly RouteRecord[] = [
  listDeletions,
  getDeletion,
  restoreDeletion,
  purgeDeletion,
  listAllDeletions,
  restoreProject,
  purgeDeletedProject,
  getTagHistory,
  rollbackTag,
];
