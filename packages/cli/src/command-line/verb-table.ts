import type { Verb } from './verb.ts';

/** A verb before it is loaded. */
export interface VerbEntry {
  /** `ls`, or with the noun it belongs to: `audit ls`. */
  readonly name: string;
  /** Its line in the list of verbs. */
  readonly summary: string;
  load(): Promise<Verb>;
}

/** The nouns that have verbs of their own, with their line in the list of verbs. */
export const nouns: Readonly<Record<string, string>> = {
  project: 'Make, show, change and remove projects',
  member: 'Say who has which role in a project',
  repo: 'Show, describe, pin and remove repositories',
  robot: 'Make accounts for machines, and rotate their secrets',
  user: 'Make, change and remove accounts of people',
  group: 'Make groups of users, and say who is in them',
  role: 'Make roles of permissions',
  permission: 'See who may what, and why',
  session: 'See and end sessions in browsers',
  token: 'Fetch tokens and see what they permit',
  quota: 'See and limit how much projects hold',
  label: 'Make and remove labels',
  undo: 'Have back what was deleted',
  immutable: 'Tags that neither move nor go',
  retention: 'What projects keep by rules',
  job: 'See what the registry works on, and stop it',
  schedule: 'See what is done by itself, and in which time zone',
  gc: 'Collect what nobody needs any more',
  webhook: 'Have others told of what happens in a project',
  registry: 'Make other registries known to this one',
  audit: 'Read, export and verify the audit of a registry',
  import: 'Take over what another registry holds',
  storage: 'See that what is stored is right, and where it lies',
  admin: 'Help the registry on this machine when nobody can sign in',
};

/** The name of the verb that words begin with: two of them after a noun. Undefined when they begin with none. */
export function findVerbName([first, second]: readonly string[]): string | undefined {
  const both = `${first} ${second}`;
  if (verbTable.some(({ name }) => name === both)) return both;
  const isNoun = first !== undefined && Object.hasOwn(nouns, first);
  return isNoun && second !== undefined ? `${first} ${second}` : first;
}

/** Every verb, in the order in which help and reference show them. Loading one loads no other. */
export const verbTable: readonly VerbEntry[] = [
  {
    name: 'serve',
    summary: 'Run the registry',
    load: async () => (await import('#src/commands/serve')).serveVerb,
  },
  {
    name: 'worker',
    summary: 'Work on the jobs of a registry',
    load: async () => (await import('#src/commands/worker')).workerVerb,
  },
  {
    name: 'backup',
    summary: 'Back up the registry on this machine',
    load: async () => (await import('#src/commands/backup')).backupVerb,
  },
  {
    name: 'backup ls',
    summary: 'List the backups in a place',
    load: async () => (await import('#src/commands/backup-ls')).backupLsVerb,
  },
  {
    name: 'backup verify',
    summary: 'Read backups and compare their hashes',
    load: async () => (await import('#src/commands/backup-verify')).backupVerifyVerb,
  },
  {
    name: 'backup prune',
    summary: 'Remove old backups',
    load: async () => (await import('#src/commands/backup-prune')).backupPruneVerb,
  },
  {
    name: 'restore',
    summary: 'Bring a registry back from its backup',
    load: async () => (await import('#src/commands/restore')).restoreVerb,
  },
  {
    name: 'drill',
    summary: 'Prove that a backup can be restored',
    load: async () => (await import('#src/commands/drill')).drillVerb,
  },
  {
    name: 'admin reset-password',
    summary: 'Give the account admin a new password',
    load: async () => (await import('#src/commands/admin-reset-password')).adminResetPasswordVerb,
  },
  {
    name: 'import docker-registry',
    summary: 'Take over the files of a docker-registry',
    load: async () => (await import('#src/commands/import-docker-registry')).importDockerRegistryVerb,
  },
  {
    name: 'import harbor',
    summary: 'Take over the images of a Harbor from its files',
    load: async () => (await import('#src/commands/import-harbor')).importHarborVerb,
  },
  {
    name: 'import oci-layout',
    summary: 'Take over OCI layouts',
    load: async () => (await import('#src/commands/import-oci-layout')).importOciLayoutVerb,
  },
  {
    name: 'import registry',
    summary: 'Copy everything that another registry lists',
    load: async () => (await import('#src/commands/import-registry')).importRegistryVerb,
  },
  {
    name: 'verify-storage',
    summary: 'Hold the store of the registry on this machine against its database',
    load: async () => (await import('#src/commands/verify-storage')).verifyStorageVerb,
  },
  {
    name: 'repair',
    summary: 'Mend what is damaged in the store of the registry on this machine',
    load: async () => (await import('#src/commands/repair')).repairVerb,
  },
  {
    name: 'login',
    summary: 'Log in to a registry and keep the credentials',
    load: async () => (await import('#src/commands/login')).loginVerb,
  },
  {
    name: 'logout',
    summary: 'Forget the credentials for a registry',
    load: async () => (await import('#src/commands/logout')).logoutVerb,
  },
  {
    name: 'ls',
    summary: 'List the repositories of a registry or the tags of a repository',
    load: async () => (await import('#src/commands/ls')).lsVerb,
  },
  {
    name: 'inspect',
    summary: 'Show what an image is made of',
    load: async () => (await import('#src/commands/inspect')).inspectVerb,
  },
  {
    name: 'copy',
    summary: 'Copy an image between registries, OCI layouts and archives',
    load: async () => (await import('#src/commands/copy')).copyVerb,
  },
  {
    name: 'push',
    summary: 'Push an OCI layout or an archive to a registry',
    load: async () => (await import('#src/commands/push')).pushVerb,
  },
  {
    name: 'pull',
    summary: 'Pull an image into an OCI layout or an archive',
    load: async () => (await import('#src/commands/pull')).pullVerb,
  },
  {
    name: 'tag',
    summary: 'Give an image in a registry further tags',
    load: async () => (await import('#src/commands/tag')).tagVerb,
  },
  {
    name: 'history',
    summary: 'List what a tag pointed at',
    load: async () => (await import('#src/commands/history')).historyVerb,
  },
  {
    name: 'rollback',
    summary: 'Point a tag at what it pointed at before',
    load: async () => (await import('#src/commands/rollback')).rollbackVerb,
  },
  {
    name: 'rm',
    summary: 'Remove tags and images from a registry',
    load: async () => (await import('#src/commands/rm')).rmVerb,
  },
  {
    name: 'project ls',
    summary: 'List the projects you may see',
    load: async () => (await import('#src/commands/project-ls')).projectLsVerb,
  },
  {
    name: 'project get',
    summary: 'Show a project, its quota and how many members it has',
    load: async () => (await import('#src/commands/project-get')).projectGetVerb,
  },
  {
    name: 'project create',
    summary: 'Create a project',
    load: async () => (await import('#src/commands/project-create')).projectCreateVerb,
  },
  {
    name: 'project update',
    summary: 'Make a project public or private',
    load: async () => (await import('#src/commands/project-update')).projectUpdateVerb,
  },
  {
    name: 'project rm',
    summary: 'Remove an empty project',
    load: async () => (await import('#src/commands/project-rm')).projectRmVerb,
  },
  {
    name: 'member ls',
    summary: 'List the members of a project',
    load: async () => (await import('#src/commands/member-ls')).memberLsVerb,
  },
  {
    name: 'member add',
    summary: 'Give a user or a group a role in a project',
    load: async () => (await import('#src/commands/member-add')).memberAddVerb,
  },
  {
    name: 'member set',
    summary: 'Change the role of a member',
    load: async () => (await import('#src/commands/member-set')).memberSetVerb,
  },
  {
    name: 'member rm',
    summary: 'Take a member out of a project',
    load: async () => (await import('#src/commands/member-rm')).memberRmVerb,
  },
  {
    name: 'repo ls',
    summary: 'List repositories with what they hold',
    load: async () => (await import('#src/commands/repo-ls')).repoLsVerb,
  },
  {
    name: 'repo get',
    summary: 'Show a repository',
    load: async () => (await import('#src/commands/repo-get')).repoGetVerb,
  },
  {
    name: 'repo update',
    summary: 'Describe a repository',
    load: async () => (await import('#src/commands/repo-update')).repoUpdateVerb,
  },
  {
    name: 'repo rm',
    summary: 'Remove a repository with all it holds',
    load: async () => (await import('#src/commands/repo-rm')).repoRmVerb,
  },
  {
    name: 'repo pin',
    summary: 'Keep a repository as it is',
    load: async () => (await import('#src/commands/repo-pin')).repoPinVerb,
  },
  {
    name: 'repo unpin',
    summary: 'Let rules delete in a repository again',
    load: async () => (await import('#src/commands/repo-unpin')).repoUnpinVerb,
  },
  {
    name: 'undo ls',
    summary: 'List what was deleted and can be had back',
    load: async () => (await import('#src/commands/undo-ls')).undoLsVerb,
  },
  {
    name: 'undo show',
    summary: 'Show what a deletion took',
    load: async () => (await import('#src/commands/undo-show')).undoShowVerb,
  },
  {
    name: 'undo restore',
    summary: 'Undo a deletion',
    load: async () => (await import('#src/commands/undo-restore')).undoRestoreVerb,
  },
  {
    name: 'undo last',
    summary: 'Undo the last deletion in a project',
    load: async () => (await import('#src/commands/undo-last')).undoLastVerb,
  },
  {
    name: 'undo project',
    summary: 'Have a deleted project back',
    load: async () => (await import('#src/commands/undo-project')).undoProjectVerb,
  },
  {
    name: 'undo purge',
    summary: 'Remove what was deleted for good',
    load: async () => (await import('#src/commands/undo-purge')).undoPurgeVerb,
  },
  {
    name: 'robot ls',
    summary: 'List robots of the registry or of a project',
    load: async () => (await import('#src/commands/robot-ls')).robotLsVerb,
  },
  {
    name: 'robot get',
    summary: 'Show what a robot may',
    load: async () => (await import('#src/commands/robot-get')).robotGetVerb,
  },
  {
    name: 'robot create',
    summary: 'Create a robot and show its secret once',
    load: async () => (await import('#src/commands/robot-create')).robotCreateVerb,
  },
  {
    name: 'robot rotate',
    summary: 'Give a robot a new secret',
    load: async () => (await import('#src/commands/robot-rotate')).robotRotateVerb,
  },
  {
    name: 'robot rm',
    summary: 'Remove a robot',
    load: async () => (await import('#src/commands/robot-rm')).robotRmVerb,
  },
  {
    name: 'user ls',
    summary: 'List users',
    load: async () => (await import('#src/commands/user-ls')).userLsVerb,
  },
  {
    name: 'user create',
    summary: 'Create a user',
    load: async () => (await import('#src/commands/user-create')).userCreateVerb,
  },
  {
    name: 'user passwd',
    summary: 'Set the password of a user',
    load: async () => (await import('#src/commands/user-passwd')).userPasswdVerb,
  },
  {
    name: 'user admin',
    summary: 'Make a user an administrator of the registry, or not',
    load: async () => (await import('#src/commands/user-admin')).userAdminVerb,
  },
  {
    name: 'user rm',
    summary: 'Remove a user',
    load: async () => (await import('#src/commands/user-rm')).userRmVerb,
  },
  {
    name: 'group ls',
    summary: 'List groups',
    load: async () => (await import('#src/commands/group-ls')).groupLsVerb,
  },
  {
    name: 'group create',
    summary: 'Create a group',
    load: async () => (await import('#src/commands/group-create')).groupCreateVerb,
  },
  {
    name: 'group add-member',
    summary: 'Put a user into a group',
    load: async () => (await import('#src/commands/group-add-member')).groupAddMemberVerb,
  },
  {
    name: 'group remove-member',
    summary: 'Take a user out of a group',
    load: async () => (await import('#src/commands/group-remove-member')).groupRemoveMemberVerb,
  },
  {
    name: 'group rm',
    summary: 'Remove a group',
    load: async () => (await import('#src/commands/group-rm')).groupRmVerb,
  },
  {
    name: 'role ls',
    summary: 'List the roles that were made here',
    load: async () => (await import('#src/commands/role-ls')).roleLsVerb,
  },
  {
    name: 'role create',
    summary: 'Make a role of permissions',
    load: async () => (await import('#src/commands/role-create')).roleCreateVerb,
  },
  {
    name: 'role rm',
    summary: 'Remove a role',
    load: async () => (await import('#src/commands/role-rm')).roleRmVerb,
  },
  {
    name: 'permission explain',
    summary: 'Say who may what, and which rule decides',
    load: async () => (await import('#src/commands/permission-explain')).permissionExplainVerb,
  },
  {
    name: 'session ls',
    summary: 'List sessions in browsers',
    load: async () => (await import('#src/commands/session-ls')).sessionLsVerb,
  },
  {
    name: 'session rm',
    summary: 'End sessions in browsers',
    load: async () => (await import('#src/commands/session-rm')).sessionRmVerb,
  },
  {
    name: 'token get',
    summary: 'Fetch a token and show what it permits',
    load: async () => (await import('#src/commands/token-get')).tokenGetVerb,
  },
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
