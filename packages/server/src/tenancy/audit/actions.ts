/** How an action is called in Harbor's audit log: what was done, and to what kind of thing. */
interface ActionName {
  readonly operation: string;
  readonly resourceType: string;
}

const named = <const O extends string, const R extends string>(operation: O, resourceType: R) => ({
  operation,
  resourceType,
});

/**
 * Every action that the audit knows. The kinds of events of Harbor keep Harbor's words; what Harbor does not record has
 * ours, made the same way.
 */
export const auditActions = {
  login: named('login', 'user'),
  logout: named('logout', 'user'),
  'pull-artifact': named('pull', 'artifact'),
  'push-artifact': named('create', 'artifact'),
  'delete-artifact': named('delete', 'artifact'),
  'copy-artifact': named('copy', 'artifact'),
  'import-artifact': named('import', 'artifact'),
  'delete-blob': named('delete', 'blob'),
  'create-tag': named('create', 'tag'),
  'delete-tag': named('delete', 'tag'),
  'update-repository': named('update', 'repository'),
  'delete-repository': named('delete', 'repository'),
  'pin-repository': named('pin', 'repository'),
  'unpin-repository': named('unpin', 'repository'),
  'restore-artifact': named('restore', 'artifact'),
  'restore-tag': named('restore', 'tag'),
  'restore-repository': named('restore', 'repository'),
  'restore-project': named('restore', 'project'),
  'rollback-tag': named('rollback', 'tag'),
  /** What was deleted and cannot be had back any more, before its time. */
  'purge-deletion': named('purge', 'deletion'),
  'add-artifact-label': named('create', 'artifact_label'),
  'remove-artifact-label': named('delete', 'artifact_label'),
  'create-project': named('create', 'project'),
  'update-project': named('update', 'project'),
  'delete-project': named('delete', 'project'),
  'create-metadata': named('create', 'project_metadata'),
  'update-metadata': named('update', 'project_metadata'),
  'delete-metadata': named('delete', 'project_metadata'),
  'create-member': named('create', 'member'),
  'update-member': named('update', 'member'),
  'delete-member': named('delete', 'member'),
  'create-user': named('create', 'user'),
  'update-user': named('update', 'user'),
  'delete-user': named('delete', 'user'),
  'change-password': named('update', 'user_password'),
  'create-group': named('create', 'group'),
  'update-group': named('update', 'group'),
  'delete-group': named('delete', 'group'),
  'create-role': named('create', 'role'),
  'update-role': named('update', 'role'),
  'delete-role': named('delete', 'role'),
  'create-robot': named('create', 'robot'),
  'update-robot': named('update', 'robot'),
  'rotate-robot': named('update', 'robot_secret'),
  'delete-robot': named('delete', 'robot'),
  'create-workload-identity': named('create', 'workload_identity'),
  'update-workload-identity': named('update', 'workload_identity'),
  'delete-workload-identity': named('delete', 'workload_identity'),
  'exchange-token': named('create', 'token'),
  'create-session': named('create', 'session'),
  'delete-session': named('delete', 'session'),
  'create-cli-secret': named('create', 'cli_secret'),
  'delete-cli-secret': named('delete', 'cli_secret'),
  'update-configuration': named('update', 'configuration'),
  'update-quota': named('update', 'quota'),
  'create-label': named('create', 'label'),
  'update-label': named('update', 'label'),
  'delete-label': named('delete', 'label'),
  'create-registry': named('create', 'registry'),
  'update-registry': named('update', 'registry'),
  'delete-registry': named('delete', 'registry'),
  'create-webhook': named('create', 'webhook_policy'),
  'update-webhook': named('update', 'webhook_policy'),
  'delete-webhook': named('delete', 'webhook_policy'),
  'redeliver-webhook': named('create', 'webhook_delivery'),
  'create-immutable-rule': named('create', 'immutable_rule'),
  'update-immutable-rule': named('update', 'immutable_rule'),
  'delete-immutable-rule': named('delete', 'immutable_rule'),
  'create-retention': named('create', 'retention_policy'),
  'update-retention': named('update', 'retention_policy'),
  'delete-retention': named('delete', 'retention_policy'),
  'run-retention': named('run', 'retention_policy'),
  'report-running': named('update', 'running_images'),
  'forget-running': named('delete', 'running_images'),
  'create-replication': named('create', 'replication_policy'),
  'update-replication': named('update', 'replication_policy'),
  'delete-replication': named('delete', 'replication_policy'),
  'create-scanner': named('create', 'scanner'),
  'update-scanner': named('update', 'scanner'),
  'delete-scanner': named('delete', 'scanner'),
  'create-preheat-policy': named('create', 'preheat_policy'),
  'update-preheat-policy': named('update', 'preheat_policy'),
  'delete-preheat-policy': named('delete', 'preheat_policy'),
  'update-cve-allowlist': named('update', 'cve_allowlist'),
  'create-schedule': named('create', 'schedule'),
  'update-schedule': named('update', 'schedule'),
  'create-gc': named('create', 'gc_schedule'),
  'update-gc': named('update', 'gc_schedule'),
  'create-purge': named('create', 'purge_schedule'),
  'update-purge': named('update', 'purge_schedule'),
  /** Rows of the audit itself that were deleted. */
  'purge-audit': named('purge', 'audit'),
  'stop-job': named('stop', 'job'),
  'start-scrub': named('create', 'scrub'),
  'quarantine-content': named('quarantine', 'content'),
  'repair-content': named('repair', 'content'),
  'discard-content': named('discard', 'content'),
  'start-tiering': named('create', 'tiering_run'),
  'move-content': named('move', 'content'),
  'update-tiering': named('update', 'tiering'),
  'delete-tiering': named('delete', 'tiering'),
  /** A change that was refused and has no name of its own here. */
  'refuse-request': named('refuse', 'request'),
  /** How many refusals had no row of their own, because there were too many. */
  'omit-refusals': named('omit', 'refusal'),
} as const satisfies Readonly<Record<string, ActionName>>;

export type AuditAction = keyof typeof auditActions;

const all = Object.entries(auditActions) as readonly [AuditAction, ActionName][];

/** The names of an action that a row has; a row of a newer build shows its own. */
export function nameOfAction(action: string): ActionName {
  return Object.hasOwn(auditActions, action)
    ? auditActions[action as AuditAction]
    : { operation: action, resourceType: 'unknown' };
}

/** The actions whose operation or kind of thing is as asked. */
export function findActions(part: keyof ActionName, matches: (name: string) => boolean): readonly AuditAction[] {
  return all.filter(([, name]) => matches(name[part])).map(([action]) => action);
}

/** The actions behind each of Harbor's names of a kind of event: `create_artifact`. */
export const actionsByEvent: ReadonlyMap<string, readonly AuditAction[]> = Map.groupBy(
  all.map(([action]) => action),
  (action) => `${auditActions[action].operation}_${auditActions[action].resourceType}`,
);

/** Harbor's name of each kind of event. */
export const eventTypes: readonly string[] = [...actionsByEvent.keys()].toSorted();

/** The action that an operation of the management API stands for: `deleteProject` is `delete-project`. */
export function actionOfOperation(operation: string): AuditAction {
  const name = operation.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase();
  const alias = Object.hasOwn(operationAliases, name) ? operationAliases[name] : undefined;
  return alias ?? (Object.hasOwn(auditActions, name) ? (name as AuditAction) : 'refuse-request');
}

/** Operations of Harbor that are called otherwise than what they do. */
const operationAliases: Readonly<Record<string, AuditAction>> = {
  'add-label': 'add-artifact-label',
  'remove-label': 'remove-artifact-label',
  'create-immu-rule': 'create-immutable-rule',
  'update-immu-rule': 'update-immutable-rule',
  'delete-immu-rule': 'delete-immutable-rule',
  'trigger-retention-execution': 'run-retention',
  'create-project-member': 'create-member',
  'update-project-member': 'update-member',
  'delete-project-member': 'delete-member',
  'add-project-metadatas': 'create-metadata',
  'update-project-metadata': 'update-metadata',
  'delete-project-metadata': 'delete-metadata',
  'update-user-profile': 'update-user',
  'set-user-sys-admin': 'update-user',
  'set-cli-secret': 'create-cli-secret',
  'update-user-password': 'change-password',
  'create-user-group': 'create-group',
  'update-user-group': 'update-group',
  'delete-user-group': 'delete-group',
  'create-robot-v1': 'create-robot',
  'update-robot-v1': 'update-robot',
  'delete-robot-v1': 'delete-robot',
  'refresh-sec': 'rotate-robot',
  'update-configurations': 'update-configuration',
  'create-webhook-policy-of-project': 'create-webhook',
  'update-webhook-policy-of-project': 'update-webhook',
  'delete-webhook-policy-of-project': 'delete-webhook',
  'create-gcschedule': 'create-gc',
  'update-gcschedule': 'update-gc',
  'stop-gc': 'stop-job',
  'create-purge-schedule': 'create-purge',
  'update-purge-schedule': 'update-purge',
  'stop-purge': 'stop-job',
  'create-replication-policy': 'create-replication',
  'update-replication-policy': 'update-replication',
  'delete-replication-policy': 'delete-replication',
  'put-system-cveallowlist': 'update-cve-allowlist',
};
