import type { VerbEntry } from './verb-entry.ts';

/** Rules, upkeep and the connections of a registry. In the order in which help shows them. */
export const upkeepVerbs: readonly VerbEntry[] = [
  {
    name: 'quota ls',
    summary: 'List quotas',
    load: async () => (await import('#src/commands/quota-ls')).quotaLsVerb,
  },
  {
    name: 'quota show',
    summary: 'Show what a project holds and may hold',
    load: async () => (await import('#src/commands/quota-show')).quotaShowVerb,
  },
  {
    name: 'quota set',
    summary: 'Limit how much a project may hold',
    load: async () => (await import('#src/commands/quota-set')).quotaSetVerb,
  },
  {
    name: 'label ls',
    summary: 'List labels',
    load: async () => (await import('#src/commands/label-ls')).labelLsVerb,
  },
  {
    name: 'label create',
    summary: 'Create a label',
    load: async () => (await import('#src/commands/label-create')).labelCreateVerb,
  },
  {
    name: 'label rm',
    summary: 'Remove a label',
    load: async () => (await import('#src/commands/label-rm')).labelRmVerb,
  },
  {
    name: 'immutable ls',
    summary: 'List the immutable tags of a project',
    load: async () => (await import('#src/commands/immutable-ls')).immutableLsVerb,
  },
  {
    name: 'immutable add',
    summary: 'Make tags immutable',
    load: async () => (await import('#src/commands/immutable-add')).immutableAddVerb,
  },
  {
    name: 'immutable rm',
    summary: 'Let tags be moved and deleted again',
    load: async () => (await import('#src/commands/immutable-rm')).immutableRmVerb,
  },
  {
    name: 'gc run',
    summary: 'Collect now, or see what would go',
    load: async () => (await import('#src/commands/gc-run')).gcRunVerb,
  },
  {
    name: 'gc ls',
    summary: 'List the last collections',
    load: async () => (await import('#src/commands/gc-ls')).gcLsVerb,
  },
  {
    name: 'gc log',
    summary: 'Show what a collection did',
    load: async () => (await import('#src/commands/gc-log')).gcLogVerb,
  },
  {
    name: 'gc schedule',
    summary: 'Show or set when collections run',
    load: async () => (await import('#src/commands/gc-schedule')).gcScheduleVerb,
  },
  {
    name: 'job ls',
    summary: 'List jobs with their progress',
    load: async () => (await import('#src/commands/job-ls')).jobLsVerb,
  },
  {
    name: 'job log',
    summary: 'Show the log of a job',
    load: async () => (await import('#src/commands/job-log')).jobLogVerb,
  },
  {
    name: 'job stop',
    summary: 'Stop a job',
    load: async () => (await import('#src/commands/job-stop')).jobStopVerb,
  },
  {
    name: 'schedule ls',
    summary: 'List schedules',
    load: async () => (await import('#src/commands/schedule-ls')).scheduleLsVerb,
  },
  {
    name: 'schedule zone',
    summary: 'Set the time zone of a schedule',
    load: async () => (await import('#src/commands/schedule-zone')).scheduleZoneVerb,
  },
  {
    name: 'retention show',
    summary: 'Show what a project keeps',
    load: async () => (await import('#src/commands/retention-show')).retentionShowVerb,
  },
  {
    name: 'retention set',
    summary: 'Say what a project keeps',
    load: async () => (await import('#src/commands/retention-set')).retentionSetVerb,
  },
  {
    name: 'retention simulate',
    summary: 'Tell what the rules would delete',
    load: async () => (await import('#src/commands/retention-simulate')).retentionSimulateVerb,
  },
  {
    name: 'retention run',
    summary: 'Run the rules now',
    load: async () => (await import('#src/commands/retention-run')).retentionRunVerb,
  },
  {
    name: 'retention runs',
    summary: 'List the runs of the rules',
    load: async () => (await import('#src/commands/retention-runs')).retentionRunsVerb,
  },
  {
    name: 'retention log',
    summary: 'Show what a run kept and deleted',
    load: async () => (await import('#src/commands/retention-log')).retentionLogVerb,
  },
  {
    name: 'retention rm',
    summary: 'Keep everything again',
    load: async () => (await import('#src/commands/retention-rm')).retentionRmVerb,
  },
  {
    name: 'webhook ls',
    summary: 'List the webhooks of a project',
    load: async () => (await import('#src/commands/webhook-ls')).webhookLsVerb,
  },
  {
    name: 'webhook create',
    summary: 'Tell somebody of what happens in a project',
    load: async () => (await import('#src/commands/webhook-create')).webhookCreateVerb,
  },
  {
    name: 'webhook test',
    summary: 'Send an example to a webhook',
    load: async () => (await import('#src/commands/webhook-test')).webhookTestVerb,
  },
  {
    name: 'webhook deliveries',
    summary: 'List what a webhook sent',
    load: async () => (await import('#src/commands/webhook-deliveries')).webhookDeliveriesVerb,
  },
  {
    name: 'webhook redeliver',
    summary: 'Send once more what was sent before',
    load: async () => (await import('#src/commands/webhook-redeliver')).webhookRedeliverVerb,
  },
  {
    name: 'webhook rm',
    summary: 'Remove a webhook',
    load: async () => (await import('#src/commands/webhook-rm')).webhookRmVerb,
  },
  {
    name: 'registry ls',
    summary: 'List the registries that this one knows',
    load: async () => (await import('#src/commands/registry-ls')).registryLsVerb,
  },
  {
    name: 'registry create',
    summary: 'Make another registry known',
    load: async () => (await import('#src/commands/registry-create')).registryCreateVerb,
  },
  {
    name: 'registry ping',
    summary: 'Try whether another registry answers',
    load: async () => (await import('#src/commands/registry-ping')).registryPingVerb,
  },
  {
    name: 'registry rm',
    summary: 'Forget another registry',
    load: async () => (await import('#src/commands/registry-rm')).registryRmVerb,
  },
  {
    name: 'apply',
    summary: 'Make a registry what files say',
    load: async () => (await import('#src/commands/apply')).applyVerb,
  },
  {
    name: 'diff',
    summary: 'Show where a registry is not what files say',
    load: async () => (await import('#src/commands/diff')).diffVerb,
  },
  {
    name: 'export',
    summary: 'Write what a registry is as a file',
    load: async () => (await import('#src/commands/export')).exportVerb,
  },
  {
    name: 'whoami',
    summary: 'Show as whom you work with a registry',
    load: async () => (await import('#src/commands/whoami')).whoamiVerb,
  },
  {
    name: 'storage show',
    summary: 'Show what lies where',
    load: async () => (await import('#src/commands/storage-show')).storageShowVerb,
  },
  {
    name: 'storage tier',
    summary: 'Move what nobody used for long to the cold tier',
    load: async () => (await import('#src/commands/storage-tier')).storageTierVerb,
  },
  {
    name: 'storage policy',
    summary: 'Say when the content of a project goes to the cold tier',
    load: async () => (await import('#src/commands/storage-policy')).storagePolicyVerb,
  },
  {
    name: 'storage scrub',
    summary: 'Have everything that is stored read again and held against its digest',
    load: async () => (await import('#src/commands/storage-scrub')).storageScrubVerb,
  },
  {
    name: 'storage damage',
    summary: 'List what was found damaged',
    load: async () => (await import('#src/commands/storage-damage')).storageDamageVerb,
  },
  {
    name: 'audit ls',
    summary: 'List rows of the audit, the newest first',
    load: async () => (await import('#src/commands/audit-ls')).auditLsVerb,
  },
  {
    name: 'audit export',
    summary: 'Export the audit as ECS or CSV',
    load: async () => (await import('#src/commands/audit-export')).auditExportVerb,
  },
  {
    name: 'audit purge',
    summary: 'Delete old rows of the audit',
    load: async () => (await import('#src/commands/audit-purge')).auditPurgeVerb,
  },
  {
    name: 'audit verify',
    summary: 'Prove that no row of the audit was changed or removed',
    load: async () => (await import('#src/commands/audit-verify')).auditVerifyVerb,
  },
  {
    name: 'version',
    summary: 'Show the version',
    load: async () => (await import('#src/commands/version')).versionVerb,
  },
  {
    name: 'completion',
    summary: 'Write a completion script for a shell',
    load: async () => (await import('#src/commands/completion')).completionVerb,
  },
];
