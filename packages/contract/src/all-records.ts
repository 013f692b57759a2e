import { auditRecords } from './entrepot/audit.ts';
import { projectQuotaRecords } from './entrepot/quota.ts';
import { retentionExtraRecords } from './entrepot/retention.ts';
import { pinRecords } from './entrepot/pin.ts';
import { roleRecords } from './entrepot/role.ts';
import { robotLimitRecords } from './entrepot/robot.ts';
import { explainRecords } from './entrepot/explain.ts';
import { groupRecords } from './entrepot/group.ts';
import { jobRecords } from './entrepot/job.ts';
import { sessionRecords } from './entrepot/session.ts';
import { storageRecords } from './entrepot/storage.ts';
import { undoRecords } from './entrepot/undo.ts';
import { webhookExtraRecords } from './entrepot/webhook.ts';
import { workloadIdentityRecords } from './entrepot/workload-identity.ts';
import { peopleRecords } from './harbor/all-people.ts';
import { workRecords } from './harbor/all-work.ts';
import type { RouteRecord } from './route.ts';

/** Harbor's v2.0 management API, whole. */
export const harborRecords: readonly RouteRecord[] = [...peopleRecords, ...workRecords];

/** What Entrepot adds under a prefix of its own. */
const entrepotRecords: readonly RouteRecord[] = [
  ...auditRecords,
  ...projectQuotaRecords,
  ...robotLimitRecords,
  ...explainRecords,
  ...groupRecords,
  ...jobRecords,
  ...pinRecords,
  ...retentionExtraRecords,
  ...roleRecords,
  ...sessionRecords,
  ...storageRecords,
  ...undoRecords,
  ...webhookExtraRecords,
  ...workloadIdentityRecords,
];

/** The whole management API. */
export const allRecords: readonly RouteRecord[] = [...harborRecords, ...entrepotRecords];
