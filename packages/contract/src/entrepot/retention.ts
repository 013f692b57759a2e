import { z } from 'zod';
import { harborErrors, onOne } from '#src/harbor/errors';
import { projectHeaders, projectParams, time } from '#src/harbor/params';
import { retentionRules } from '#src/harbor/retention';
import { type RouteRecord, route } from '#src/route';

const bytes = z.int().min(0);

const tag = 'Retention';
const at = 'project';
const project = '/api/entrepot/v1/projects/{project_name_or_id}';
const clusterParams = projectParams.extend({
  cluster: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/)
    .meta({ description: 'A name that the cluster gives itself.' }),
});

export const simulateRetention = route({
  operationId: 'simulateRetention',
  method: 'POST',
  path: `${project}/retention/simulate`,
  tag,
  permission: 'tag-retention:read',
  at,
  summary: 'Tell what a retention policy would keep and delete now, and why. Nothing is changed.',
  params: projectParams,
  headers: projectHeaders,
  query: z.object({
    repository: z.string().max(255).optional().meta({ description: 'Only this one, named within the project.' }),
    limit: z.int().min(0).max(10_000).default(1000).meta({ description: 'Artifacts listed; the sums are of all.' }),
  }),
  body: z
    .object({ rules: retentionRules })
    .partial()
    .nullish()
    .meta({ description: 'Rules to try; those of the project when absent.' }),
  responses: {
    200: z
      .object({
        artifacts: z.array(
          z.object({
            repository: z.string(),
            digest: z.string(),
            tags: z.array(z.string()),
            verdict: z.enum(['keep', 'delete']),
            rule: z.int().nullable().meta({ description: 'The rule that keeps it, counted from 1.' }),
            reason: z.string(),
            push_time: z.string(),
            pull_time: z.string().nullable(),
            bytes_freed: bytes.meta({
              description: 'Of what nobody else in the project holds; what several share counts for the first.',
            }),
          }),
        ),
        total: z.int(),
        retained: z.int(),
        deleted: z.int(),
        bytes_freed: bytes,
        untouched: z.array(z.string()).meta({ description: 'Repositories that no rule is about, or that are pinned.' }),
        truncated: z.boolean(),
      })
      .meta({ id: 'RetentionSimulation' }),
    ...onOne,
  },
});

export const reportRunning = route({
  operationId: 'reportRunning',
  method: 'PUT',
  path: `${project}/running/{cluster}`,
  tag,
  permission: 'tag-retention:update',
  at,
  summary: 'Say which images a cluster runs, in place of what it said before: runningInCluster keeps them.',
  params: clusterParams,
  headers: projectHeaders,
  body: z.object({
    images: z
      .array(z.string().min(1).max(512))
      .max(10_000)
      .meta({ description: 'As clusters name them: HOST/PROJECT/REPOSITORY:TAG, …@DIGEST, or a digest alone.' }),
  }),
  responses: {
    200: z
      .object({
        taken: z.int(),
        ignored: z.int().meta({ description: 'Images of other projects and registries.' }),
      })
      .meta({ id: 'RunningReported' }),
    ...onOne,
    409: harborErrors,
  },
});

export const listRunning = route({
  operationId: 'listRunning',
  method: 'GET',
  path: `${project}/running`,
  tag,
  permission: 'tag-retention:read',
  at,
  summary: 'List the clusters that said which images of the project they run.',
  params: projectParams,
  headers: projectHeaders,
  responses: {
    200: z.array(z.object({ cluster: z.string(), images: z.int(), reported_at: time }).meta({ id: 'RunningReport' })),
    ...onOne,
  },
});

export const forgetRunning = route({
  operationId: 'forgetRunning',
  method: 'DELETE',
  path: `${project}/running/{cluster}`,
  tag,
  permission: 'tag-retention:update',
  at,
  summary: 'Forget what a cluster said that it runs.',
  params: clusterParams,
  headers: projectHeaders,
  responses: { 200: null, ...onOne },
});

export const retentionExtraRecords: readonly RouteRecord[] = [
  simulateRetention,
  reportRunning,
  listRunning,
  forgetRunning,
];
