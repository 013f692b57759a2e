import { openLater } from '#app/later';
import { openSecretBox } from '#app/open-secret-box';
import { openBlobs, openDb } from '#app/open-stores';
import { version } from '#app/version';
import { isWorker } from '#app/workers';
import type { Clock } from '#kernel/clock';
import type { NewId } from '#kernel/ids';
import type { BlobStore } from '#platform/blobs';
import type { Config, Secrets } from '#platform/config';
import type { Db } from '#platform/db';
import type { Log } from '#platform/log';
import { createMetrics } from '#platform/metrics';
import { createTargetCheck } from '#platform/outbound';
import { createAudit, createAuditStore } from '#tenancy/audit';
import { createAuditChain, createChainStore } from '#tenancy/audit/chain';
import { createSettingStore, openSettings } from '#tenancy/settings';
import { composeBackup } from './backup.ts';

export interface BasisOptions {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Whether it is there for requests, and so ships what changes. */
  readonly ships?: boolean;
}

/** What everything else stands on: stores, secrets, time, the audit, the settings, and work for later. */
export type Basis = Awaited<ReturnType<typeof openBasis>>;

/** Opens it; what has to be closed is put on the stack. */
export async function openBasis(
  { config, secrets, log, clock, newId, ships = false }: BasisOptions,
  stack: AsyncDisposableStack,
) {
  const auditLog = log.forPlace('tenancy:audit');
  const db: Db = stack.use(await openDb(config, secrets, log));
  const box = await openSecretBox({ config, secrets, db, log });
  const bytes: BlobStore = stack.use(await openBlobs(config, secrets));
  const metrics = stack.use(createMetrics(version, { shared: isWorker() }));
  // Above all that writes: it ends after them, and ships what they wrote last.
  if (ships) composeBackup({ config, secrets, log, metrics }, stack);
  const { transact } = db;
  const { jobs, outbox, start: startLater } = stack.use(openLater({ db, clock, newId, log, config: config.jobs }));
  const auditChain = stack.use(
    createAuditChain({
      store: createChainStore(db),
      transact,
      clock,
      onCheckpoint: ({ hash, rowsTotal }) =>
        auditLog.info({ head: hash, rows: rowsTotal }, 'The head of the audit chain: keep it to verify against.'),
      onError: (error) => auditLog.warn({ error }, 'Audit rows could not be chained; the next round tries again.'),
    }),
  );
  const audit = stack.use(
    createAudit({
      store: createAuditStore(),
      transact,
      clock,
      onError: (error, kept) =>
        auditLog.error({ error, kept }, 'Audit rows could not be written; they are kept and tried again.'),
    }),
  );
  const settings = stack.use(
    await openSettings({
      store: createSettingStore(db, box),
      transact,
      audit,
      clock,
      checkTarget: createTargetCheck(config.outbound),
      onError: (error) => log.forPlace('tenancy:settings').warn({ error }, 'The settings could not be read again.'),
    }),
  );
  const isReadOnly = () => config.readOnly || settings.current().read_only;
  const onFault = (error: Error, requestId: string) =>
    log
      .forPlace('platform:http')
      .error({ requestId, error: error.cause ?? error }, 'A request failed through our fault.');
  return {
    config,
    log,
    clock,
    newId,
    db,
    transact,
    box,
    bytes,
    metrics,
    jobs,
    outbox,
    startLater,
    audit,
    auditChain,
    settings,
    isReadOnly,
    onFault,
  };
}
