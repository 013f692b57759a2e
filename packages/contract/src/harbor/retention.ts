import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { pageQuery } from './paging.ts';
import { id } from './params.ts';
import { cron, optionalFlag, optionalId, optionalWord } from './request-fields.ts';
import { tagRule, tagRuleRequest } from './tag-selectors.ts';

const policy = z
  .object({
    id: id.optional(),
    algorithm: z.string().optional(),
    rules: z.array(tagRule('RetentionRule', 'RetentionSelector')).optional(),
    trigger: z
      .object({
        kind: z.string().optional(),
        settings: z.record(z.string(), z.unknown()).optional(),
        references: z.record(z.string(), z.unknown()).optional(),
      })
      .meta({ id: 'RetentionRuleTrigger' })
      .optional(),
    scope: z
      .object({ level: z.string().optional(), ref: z.int().optional() })
      .meta({ id: 'RetentionPolicyScope' })
      .optional(),
  })
  .meta({ id: 'RetentionPolicy' });

/** Harbor's limit, in its API too. */
const mostRules = 15;

/** By what a rule keeps. */
export const retentionTemplates = [
  'latestPushedK',
  'latestPulledN',
  'latestActiveK',
  'nDaysSinceLastPush',
  'nDaysSinceLastPull',
  'lastXDays',
  'always',
  // Ours; what a rule has in its params beside its template has to be met too.
  'semanticVersions',
  'hasLabel',
  'lacksLabel',
  'runningInCluster',
] as const;

/** All that a policy keeps by. */
export const retentionRules = z
  .array(tagRuleRequest('RetentionRuleRequest', 'retain', retentionTemplates))
  .max(mostRules)
  .nullish();

const policyRequest = z
  .object({
    id: optionalId,
    algorithm: optionalWord(['or']),
    rules: retentionRules,
    trigger: z.object({ kind: optionalWord(['Schedule']), settings: z.object({ cron }).nullish() }).nullish(),
    scope: z.object({ level: optionalWord(['project']), ref: optionalId }).nullish(),
  })
  .meta({ id: 'RetentionPolicyRequest' });

const choice = z
  .object({
    display_text: z.string().optional(),
    kind: z.string().optional(),
    decorations: z.array(z.string()).optional(),
  })
  .meta({ id: 'RetentionSelectorMetadata' });

const metadata = z
  .object({
    templates: z
      .array(
        z
          .object({
            rule_template: z.string().optional(),
            display_text: z.string().optional(),
            action: z.string().optional(),
            params: z
              .array(
                z
                  .object({
                    type: z.string().optional(),
                    unit: z.string().optional(),
                    required: z.boolean().optional(),
                  })
                  .meta({ id: 'RetentionRuleParamMetadata' }),
              )
              .optional(),
          })
          .meta({ id: 'RetentionRuleMetadata' }),
      )
      .optional(),
    scope_selectors: z.array(choice).optional(),
    tag_selectors: z.array(choice).optional(),
  })
  .meta({ id: 'RetentionMetadata' });

const execution = z
  .object({
    id: id.optional(),
    policy_id: id.optional(),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
    status: z.string().optional(),
    trigger: z.string().optional(),
    dry_run: z.boolean().optional(),
  })
  .meta({ id: 'RetentionExecution' });

const task = z
  .object({
    id: id.optional(),
    execution_id: id.optional(),
    repository: z.string().optional(),
    job_id: z.string().optional(),
    status: z.string().optional(),
    status_code: z.int(),
    status_revision: z.int().optional(),
    start_time: z.string().optional(),
    end_time: z.string().optional(),
    total: z.int(),
    retained: z.int(),
  })
  .meta({ id: 'RetentionExecutionTask' });

const tag = 'Retention';
// The project of a policy stands in the policy, not in the path.
const at = 'object';
const path = '/api/v2.0/retentions';
const onePath = `${path}/{id}`;
const executionsPath = `${onePath}/executions`;
const params = z.object({ id });
const executionParams = z.object({ id, eid: id });

export const getRetentionMetadata = route({
  // Harbor's spelling, which its clients have as a method's name.
  operationId: 'getRentenitionMetadata',
  method: 'GET',
  path: `${path}/metadatas`,
  tag,
  permission: 'authenticated',
  summary: 'List the rules and selectors that retention policies can be made of.',
  responses: { 200: metadata, ...signedIn },
});

export const createRetention = route({
  operationId: 'createRetention',
  method: 'POST',
  path,
  tag,
  permission: 'tag-retention:create',
  at,
  summary: 'Create the retention policy of the project that it names.',
  body: policyRequest,
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const getRetention = route({
  operationId: 'getRetention',
  method: 'GET',
  path: onePath,
  tag,
  permission: 'tag-retention:read',
  at,
  summary: 'Show one retention policy.',
  params,
  responses: { 200: policy, ...onOne },
});

export const updateRetention = route({
  operationId: 'updateRetention',
  method: 'PUT',
  path: onePath,
  tag,
  permission: 'tag-retention:update',
  at,
  summary: 'Replace a retention policy.',
  params,
  body: policyRequest,
  responses: { 200: null, ...onOne },
});

export const deleteRetention = route({
  operationId: 'deleteRetention',
  method: 'DELETE',
  path: onePath,
  tag,
  permission: 'tag-retention:delete',
  at,
  summary: 'Delete a retention policy.',
  params,
  responses: { 200: null, ...onOne },
});

export const triggerRetentionExecution = route({
  operationId: 'triggerRetentionExecution',
  method: 'POST',
  path: executionsPath,
  tag,
  permission: 'tag-retention:update',
  at,
  summary: 'Run a retention policy now, in earnest or as a dry run.',
  params,
  body: z.object({ dry_run: optionalFlag }),
  responses: { 201: null, ...onOne },
});

export const listRetentionExecutions = route({
  operationId: 'listRetentionExecutions',
  method: 'GET',
  path: executionsPath,
  tag,
  permission: 'tag-retention:list',
  at,
  summary: 'List the runs of a retention policy.',
  params,
  query: z.object(pageQuery),
  responses: { 200: z.array(execution), ...onOne },
});

export const operateRetentionExecution = route({
  operationId: 'operateRetentionExecution',
  method: 'PATCH',
  path: `${executionsPath}/{eid}`,
  tag,
  permission: 'tag-retention:update',
  at,
  summary: 'Stop a run of a retention policy.',
  params: executionParams,
  body: z.object({ action: z.literal('stop') }),
  responses: { 200: null, ...onOne },
});

export const listRetentionTasks = route({
  operationId: 'listRetentionTasks',
  method: 'GET',
  path: `${executionsPath}/{eid}/tasks`,
  tag,
  permission: 'tag-retention:list',
  at,
  summary: 'List what one run did in each repository.',
  params: executionParams,
  query: z.object(pageQuery),
  responses: { 200: z.array(task), ...onOne },
});

export const getRetentionTaskLog = route({
  operationId: 'getRetentionTaskLog',
  method: 'GET',
  path: `${executionsPath}/{eid}/tasks/{tid}`,
  tag,
  permission: 'tag-retention:read',
  at,
  summary: 'Read what a run kept and deleted in one repository.',
  params: executionParams.extend({ tid: id }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const retentionRecords: readonly RouteRecord[] = [
  getRetentionMetadata,
  createRetention,
  getRetention,
  updateRetention,
  deleteRetention,
  triggerRetentionExecution,
  listRetentionExecutions,
  operateRetentionExecution,
  listRetentionTasks,
  getRetentionTaskLog,
];
