import * as createRegistry from './0001-create-registry.ts';
import * as addPeople from './0002-add-people.ts';
import * as chainAudit from './0003-chain-audit.ts';
import * as addSignIn from './0004-add-sign-in.ts';
import * as addRobots from './0005-add-robots.ts';
import * as addJobs from './0006-add-jobs.ts';
import * as addWebhooks from './0007-add-webhooks.ts';
import * as addRemoteRegistries from './0008-add-remote-registries.ts';
import * as describeArtifacts from './0009-describe-artifacts.ts';
import * as addAbandonedStage from './0020-add-abandoned-stage.ts';
import * as addSettings from './0010-add-settings.ts';
import * as addQuotas from './0012-add-quotas.ts';
import * as tieWorkloadIdentities from './0021-tie-workload-identities.ts';
import * as addLifecycle from './0022-add-lifecycle.ts';
import * as countArtifacts from './0027-count-artifacts.ts';
import * as addImmutableRules from './0023-add-immutable-rules.ts';
import * as addBackupMark from './0025-add-backup-mark.ts';
import * as addStorageCare from './0031-add-storage-care.ts';
import * as addUndo from './0030-add-undo.ts';
import * as purgeAudit from './0028-purge-audit.ts';
import * as addRetention from './0024-add-retention.ts';
import type { Migration } from './migration.ts';

/** In the order they are applied. The number of the last one is the version of the database. */
export const migrations: readonly Migration[] = [
  { name: '0001-create-registry', up: createRegistry.up },
  { name: '0002-add-people', up: addPeople.up },
  { name: '0003-chain-audit', up: chainAudit.up },
  { name: '0004-add-sign-in', up: addSignIn.up },
  { name: '0005-add-robots', up: addRobots.up },
  { name: '0006-add-jobs', up: addJobs.up },
  { name: '0007-add-webhooks', up: addWebhooks.up },
  { name: '0008-add-remote-registries', up: addRemoteRegistries.up },
  { name: '0009-describe-artifacts', up: describeArtifacts.up },
  { name: '0010-add-settings', up: addSettings.up },
  { name: '0012-add-quotas', up: addQuotas.up },
  { name: '0020-add-abandoned-stage', up: addAbandonedStage.up },
  { name: '0021-tie-workload-identities', up: tieWorkloadIdentities.up },
  { name: '0022-add-lifecycle', up: addLifecycle.up },
  { name: '0027-count-artifacts', up: countArtifacts.up },
  { name: '0023-add-immutable-rules', up: addImmutableRules.up },
  { name: '0025-add-backup-mark', up: addBackupMark.up },
  { name: '0031-add-storage-care', up: addStorageCare.up },
  { name: '0030-add-undo', up: addUndo.up },
  { name: '0028-purge-audit', up: purgeAudit.up },
  { name: '0024-add-retention', up: addRetention.up },
];
