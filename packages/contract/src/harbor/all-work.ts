import type { RouteRecord } from '#src/route';
import { cveAllowlistRecords } from './cve-allowlist.ts';
import { gcRecords } from './gc.ts';
import { immutableRecords } from './immutable.ts';
import { jobserviceRecords } from './jobservice.ts';
import { preheatRecords } from './preheat.ts';
import { purgeRecords } from './purge.ts';
import { registryRecords } from './registry.ts';
import { replicationRecords } from './replication.ts';
import { retentionRecords } from './retention.ts';
import { scanAllRecords } from './scan-all.ts';
import { scanDataExportRecords } from './scan-data-export.ts';
import { scannerRecords } from './scanner.ts';
import { scanRecords } from './scan.ts';
import { scheduleRecords } from './schedule.ts';
import { securityHubRecords } from './security-hub.ts';
import { webhookJobRecords } from './webhook-job.ts';
import { webhookRecords } from './webhook.ts';

/** What the registry does by itself and with other systems: Harbor's operations on policies, jobs and scanners. */
export const workRecords: readonly RouteRecord[] = [
  ...registryRecords,
  ...replicationRecords,
  ...webhookRecords,
  ...webhookJobRecords,
  ...scheduleRecords,
  ...jobserviceRecords,
  ...cveAllowlistRecords,
  ...retentionRecords,
  ...immutableRecords,
  ...preheatRecords,
  ...gcRecords,
  ...purgeRecords,
  ...scanRecords,
  ...scanAllRecords,
  ...scannerRecords,
  ...scanDataExportRecords,
  ...securityHubRecords,
];
