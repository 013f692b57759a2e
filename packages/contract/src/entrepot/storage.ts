import { z } from 'zod';
import { harborErrors, onOne, signedIn } from '#src/harbor/errors';
import { listQuery } from '#src/harbor/paging';
import { projectHeaders, projectParams, time } from '#src/harbor/params';
import { type RouteRecord, route } from '#src/route';

const count = z.int().min(0);

const pass = z.object({
  blobs: count,
  bytes: count,
  manifests: count,
  damaged: count.meta({ description: 'Found wrong in this pass.' }),
  repaired: count.meta({ description: 'Made right in this pass, whenever it was found wrong.' }),
  archived: count.meta({ description: 'In an archive: looked at from outside only.' }),
  unknown: count.meta({ description: 'The store did not answer for them; the next pass looks again.' }),
  orphans: count.meta({ description: 'Files that nothing names, put into the trash.' }),
  orphan_bytes: count,
});

export const startScrub = route({
  operationId: 'startScrub',
  method: 'POST',
  path: '/api/entrepot/v1/storage/scrub',
  tag: 'storage',
  permission: 'garbage-collection:create',
  at: 'system',
  summary: 'Read every blob and manifest again and hold it against its digest; mend what can be mended.',
  responses: {
    202: z.object({ execution_id: z.int() }).meta({ id: 'StartedScrub' }),
    ...signedIn,
    400: harborErrors,
  },
});

export const getScrub = route({
  operationId: 'getScrub',
  method: 'GET',
  path: '/api/entrepot/v1/storage/scrub',
  tag: 'storage',
  permission: 'garbage-collection:read',
  at: 'system',
  summary: 'Tell how far the scrub is, and what the last pass found.',
  responses: {
    200: z
      .object({
        period_seconds: z.number().meta({ description: 'Every byte is read once in this time; 0 is off.' }),
        rate: count.meta({ description: 'Bytes a second at most; 0 is as fast as it goes.' }),
        blobs: count,
        bytes: count,
        damaged: count.meta({ description: 'Known to be damaged now.' }),
        checked_since: time.optional().meta({ description: 'Every blob was read at this time or later.' }),
        running: z
          .object({ execution_id: z.int(), status: z.string(), start_time: time, full: z.boolean() })
          .optional(),
        last: pass.extend({ start_time: time, end_time: time }).optional(),
      })
      .meta({ id: 'ScrubReport' }),
    ...signedIn,
  },
});

export const listStorageDamage = route({
  operationId: 'listStorageDamage',
  method: 'GET',
  path: '/api/entrepot/v1/storage/damage',
  tag: 'storage',
  permission: 'garbage-collection:read',
  at: 'system',
  summary: 'List what was found damaged, and which artifacts need it.',
  query: z.object({
    ...listQuery,
    all: z.boolean().optional().meta({ description: 'What was mended since, too.' }),
  }),
  responses: {
    200: z.array(
      z
        .object({
          id: z.int(),
          kind: z.enum(['blob', 'manifest']),
          digest: z.string(),
          size: count,
          reason: z
            .enum(['missing', 'size', 'bytes', 'unreadable'])
            .meta({ description: 'Not there, of another size, other bytes, or a disk that cannot read them.' }),
          found_time: time,
          mended_time: time.optional(),
          mended_by: z.string().optional(),
          repositories: z.array(z.string()).meta({ description: 'That hold it; 50 at most.' }),
          artifacts: z
            .array(z.object({ repository: z.string(), digest: z.string(), tags: z.array(z.string()) }))
            .meta({ description: 'That need it; 50 at most.' }),
        })
        .meta({ id: 'StorageDamage' }),
    ),
    ...signedIn,
    400: harborErrors,
  },
});

const tierFigures = z.object({ tier: z.enum(['hot', 'cold']), description: z.string(), blobs: count, bytes: count });

const longest = 3_650 * 86_400;

export const getStorage = route({
  operationId: 'getStorage',
  method: 'GET',
  path: '/api/entrepot/v1/storage',
  tag: 'storage',
  permission: 'garbage-collection:read',
  at: 'system',
  summary: 'Tell where content lies, how much, and what moves between the tiers.',
  responses: {
    200: z
      .object({
        description: z.string(),
        tiers: z.array(tierFigures),
        policy: z
          .object({
            enabled: z.boolean(),
            after_seconds: z.number(),
            min_size: count,
            promote: z.boolean(),
            keep_hot_seconds: z.number(),
          })
          .optional()
          .meta({ description: 'Absent where there is one tier.' }),
        running: z.object({ execution_id: z.int(), status: z.string(), start_time: time }).optional(),
        last: z.object({ end_time: time, looked: count, moved: count, moved_bytes: count, damaged: count }).optional(),
      })
      .meta({ id: 'Storage' }),
    ...signedIn,
  },
});

export const startTiering = route({
  operationId: 'startTiering',
  method: 'POST',
  path: '/api/entrepot/v1/storage/tiering',
  tag: 'storage',
  permission: 'garbage-collection:create',
  at: 'system',
  summary: 'Move what nobody used for long to the cold tier, now.',
  responses: {
    202: z.object({ execution_id: z.int() }).meta({ id: 'StartedTiering' }),
    ...signedIn,
    400: harborErrors,
    412: harborErrors,
  },
});

export const getProjectTiering = route({
  operationId: 'getProjectTiering',
  method: 'GET',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/tiering',
  tag: 'storage',
  permission: 'project:update',
  at: 'project',
  summary: 'Tell what a project wants otherwise than the registry of what goes to the cold tier.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z
      .object({
        inherited: z.boolean().meta({ description: 'It is as in the whole registry.' }),
        enabled: z.boolean().optional(),
        after_seconds: z.number().optional(),
        min_size: count.optional(),
      })
      .meta({ id: 'ProjectTiering' }),
    ...onOne,
  },
});

export const putProjectTiering = route({
  operationId: 'putProjectTiering',
  method: 'PUT',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/tiering',
  tag: 'storage',
  permission: 'project:update',
  at: 'project',
  summary: 'Say when content of a project goes to the cold tier; what several projects hold, the most patient keeps.',
  params: projectParams,
  headers: projectHeaders,
  body: z.object({
    enabled: z.boolean().meta({ description: 'Whether anything of it goes there at all.' }),
    after_seconds: z
      .int()
      .min(0)
      .max(longest)
      .optional()
      .meta({ description: 'Since nobody used it; as in the whole registry when absent.' }),
    min_size: count
      .max(2 ** 50)
      .optional()
      .meta({ description: 'Smaller blobs stay, in bytes; as in the whole registry when absent.' }),
  }),
  responses: { 200: null, ...onOne },
});

export const deleteProjectTiering = route({
  operationId: 'deleteProjectTiering',
  method: 'DELETE',
  path: '/api/entrepot/v1/projects/{project_name_or_id}/tiering',
  tag: 'storage',
  permission: 'project:update',
  at: 'project',
  summary: 'Have a project be as the whole registry again.',
  params: projectParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne },
});

export const storageRecords: readonly RouteRecord[] = [
  startScrub,
  getScrub,
  listStorageDamage,
  getStorage,
  startTiering,
  getProjectTiering,
  putProjectTiering,
  deleteProjectTiering,
];
