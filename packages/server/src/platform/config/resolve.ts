import { join, resolve } from 'node:path';
import { parseSecretKey } from '#platform/crypto';
import type {
  AuthConfig,
  BackupConfig,
  BlobsConfig,
  ColdConfig,
  CollectionConfig,
  Config,
  DatabaseConfig,
  JobsConfig,
  LimitsConfig,
  TlsConfig,
} from './config.ts';
import type { ConfigFault } from './config-error.ts';
import { redacted, type Secrets, sealSecrets } from './secrets.ts';
import type { ConfigKey } from './table.ts';
import type { Values } from './values.ts';

type Refuse = (key: ConfigKey, expected: string, found: string) => void;

function resolveDatabase({ get }: Values, refuse: Refuse): DatabaseConfig {
  const url = get('database.url');
  if (url === undefined) return { kind: 'sqlite', path: join(get('data'), 'entrepot.db') };
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) {
    refuse('database.url', 'postgres://USER:PASSWORD@HOST:PORT/DATABASE', redacted);
  }
  return { kind: 'postgres', poolSize: get('database.pool_size') };
}

const s3Keys = [
  'blobs.s3.endpoint',
  'blobs.s3.prefix',
  'blobs.s3.access_key',
  'blobs.s3.secret_key',
  'blobs.s3.session_token',
  'blobs.s3.redirect',
] as const satisfies readonly ConfigKey[];

function resolveBlobs({ get, isWritten }: Values, refuse: Refuse): BlobsConfig {
  const cacheSizeBytes = get('blobs.cache_size');
  const kind = get('blobs.kind') ?? (isWritten('blobs.s3.bucket') ? 's3' : 'filesystem');
  if (kind === 'filesystem') {
    const stray = isWritten('blobs.kind') ? undefined : s3Keys.find(isWritten);
    if (stray !== undefined) refuse('blobs.s3.bucket', `a bucket, since ${stray} is set`, 'nothing');
    return { kind, cacheSizeBytes, path: get('blobs.filesystem.path') ?? join(get('data'), 'blobs') };
  }
  if (!isWritten('blobs.s3.bucket')) refuse('blobs.s3.bucket', 'a bucket, since blobs.kind is s3', 'nothing');
  if (isWritten('blobs.s3.access_key') && !isWritten('blobs.s3.secret_key')) {
    refuse('blobs.s3.secret_key', 'the secret of blobs.s3.access_key', 'nothing');
  }
  if (isWritten('blobs.s3.secret_key') && !isWritten('blobs.s3.access_key')) {
    refuse('blobs.s3.access_key', 'the access key of blobs.s3.secret_key', 'nothing');
  }
  if (isWritten('blobs.s3.session_token') && !isWritten('blobs.s3.access_key')) {
    refuse('blobs.s3.access_key', 'the access key of blobs.s3.session_token', 'nothing');
  }
  const endpoint = get('blobs.s3.endpoint');
  return {
    kind,
    cacheSizeBytes,
    endpoint,
    region: get('blobs.s3.region'),
    bucket: get('blobs.s3.bucket') ?? '',
    prefix: (get('blobs.s3.prefix') ?? '').replaceAll(/^\/+|\/+$/g, ''),
    pathStyle: get('blobs.s3.path_style') ?? endpoint !== undefined,
    redirect: get('blobs.s3.redirect'),
    redirectExpiresMs: get('blobs.s3.redirect_expires'),
    partSizeBytes: get('blobs.s3.part_size'),
    uploadMemoryBytes: get('blobs.s3.upload_memory'),
  };
}

function resolveCold({ get, isWritten }: Values, refuse: Refuse): ColdConfig | null {
  const kind = get('blobs.cold.kind');
  if (kind === undefined) {
    const stray = (['blobs.cold.path', 'blobs.cold.s3.bucket', 'blobs.cold.s3.endpoint'] as const).find(isWritten);
    if (stray !== undefined) refuse('blobs.cold.kind', `filesystem or s3, since ${stray} is set`, 'nothing');
    return null;
  }
  if (kind === 'filesystem') {
    const path = get('blobs.cold.path') ?? join(get('data'), 'cold');
    const hot = get('blobs.filesystem.path') ?? join(get('data'), 'blobs');
    if (path === hot) refuse('blobs.cold.path', 'another folder than that of the hot tier', path);
    return { kind, path };
  }
  if (!isWritten('blobs.cold.s3.bucket')) {
    refuse('blobs.cold.s3.bucket', 'a bucket, since blobs.cold.kind is s3', 'nothing');
  }
  const [key, secret] = ['blobs.cold.s3.access_key', 'blobs.cold.s3.secret_key'] as const;
  if (isWritten(key) && !isWritten(secret)) refuse(secret, `the secret of ${key}`, 'nothing');
  if (isWritten(secret) && !isWritten(key)) refuse(key, `the access key of ${secret}`, 'nothing');
  const endpoint = get('blobs.cold.s3.endpoint');
  const [bucket, prefix] = [get('blobs.cold.s3.bucket') ?? '', trimSlashes(get('blobs.cold.s3.prefix') ?? '')];
  const sameStore = get('blobs.s3.endpoint') === endpoint && get('blobs.s3.bucket') === bucket;
  // One folder for both would make each look like the other's litter.
  if (sameStore && trimSlashes(get('blobs.s3.prefix') ?? '') === prefix) {
    refuse('blobs.cold.s3.prefix', 'another folder than that of the hot tier, since the bucket is the same', prefix);
  }
  return {
    kind,
    endpoint,
    region: get('blobs.cold.s3.region'),
    bucket,
    prefix,
    pathStyle: get('blobs.cold.s3.path_style') ?? endpoint !== undefined,
    storageClass: get('blobs.cold.s3.storage_class'),
    restoreDays: get('blobs.cold.s3.restore_days'),
    restoreSpeed: get('blobs.cold.s3.restore_speed'),
  };
}

const trimSlashes = (text: string) => text.replaceAll(/^\/+|\/+$/g, '');

function resolveTls({ get, isWritten }: Values, refuse: Refuse): TlsConfig | null {
  const certificate = get('tls.certificate');
  const key = get('tls.key');
  const clientCa = get('tls.client_ca');
  const clientAuth = get('tls.client_auth');
  const asksClients = (['tls.client_ca', 'tls.client_auth'] as const).find(isWritten);
  if (certificate !== undefined && key === undefined) refuse('tls.key', 'the key of tls.certificate', 'nothing');
  if (certificate === undefined && key !== undefined)
    refuse('tls.certificate', 'the certificate of tls.key', 'nothing');
  if (certificate === undefined && key === undefined && asksClients !== undefined && clientAuth !== 'none') {
    refuse('tls.certificate', `a certificate, since ${asksClients} is set`, 'nothing');
  }
  if (clientAuth !== 'none' && clientCa === undefined) {
    refuse('tls.client_ca', `an authority, since tls.client_auth is ${clientAuth}`, 'nothing');
  }
  if (clientAuth === 'none' && clientCa !== undefined) {
    refuse('tls.client_auth', 'optional or required, since tls.client_ca is set', 'none');
  }
  if (certificate === undefined || key === undefined) return null;
  const minVersion = get('tls.min_version') === '1.3' ? 'TLSv1.3' : 'TLSv1.2';
  return { certificate, key, minVersion, clientCa, clientAuth };
}

const hourMs = 3_600_000;

/** A grace of seconds is a drill: nobody waits a week for the rest of it. */
const drillMs = 60_000;

const keepMs = ({ get }: Values) => (get('gc.grace') < drillMs ? get('gc.grace') : 7 * 24 * hourMs);

function resolveCollection(values: Values): CollectionConfig {
  const { get } = values;
  return {
    graceMs: get('gc.grace'),
    condemnedMs: get('gc.condemned') ?? Math.min(hourMs, get('gc.grace')),
    trashMs: get('gc.trash') ?? keepMs(values),
    intervalMs: get('gc.interval'),
    untagged: get('gc.untagged'),
  };
}

const backupKeys = [
  'backup.ship_interval',
  'backup.snapshot_interval',
  'backup.keep',
  'backup.blobs',
  'backup.encrypt_key_file',
] as const satisfies readonly ConfigKey[];

function resolveBackup({ get, isWritten }: Values, blobs: BlobsConfig, refuse: Refuse): BackupConfig | null {
  const to = get('backup.to');
  if (to === undefined) {
    const stray = backupKeys.find(isWritten);
    if (stray !== undefined) refuse('backup.to', `a place, since ${stray} is set`, 'nothing');
    return null;
  }
  if (isWritten('database.url')) {
    refuse('backup.to', 'nothing, since PostgreSQL ships its own log: see the guide to backups', to);
  }
  return {
    to: to.startsWith('s3://') ? to : resolve(to),
    shipIntervalMs: get('backup.ship_interval'),
    snapshotIntervalMs: get('backup.snapshot_interval'),
    keep: get('backup.keep'),
    copiesBlobs: (get('backup.blobs') ?? (blobs.kind === 's3' ? 'reference' : 'copy')) === 'copy',
    keyFile: get('backup.encrypt_key_file'),
  };
}

function resolveJobs({ get, isWritten }: Values, refuse: Refuse): JobsConfig {
  const inServer = get('jobs.in_server');
  if (!inServer && !isWritten('database.url')) {
    refuse('jobs.in_server', 'true, since a SQLite database belongs to one process: nobody else could work', 'false');
  }
  return { inServer, most: get('jobs.workers'), leaseMs: get('jobs.lease') };
}

function resolveLimits({ get }: Values): LimitsConfig {
  return {
    bodyIdleMs: get('limits.body_idle_timeout'),
    bodyMinBytesPerSecond: get('limits.body_min_rate'),
    responseIdleMs: get('limits.response_idle_timeout'),
    headersTimeoutMs: get('limits.headers_timeout'),
    keepAliveTimeoutMs: get('limits.keep_alive_timeout'),
    maxHeaderBytes: get('limits.max_header_size'),
    maxConnections: get('limits.max_connections'),
    shutdownReadyDelayMs: get('shutdown.ready_delay'),
    shutdownDrainMs: get('limits.shutdown_drain'),
    shutdownUploadsMs: get('limits.shutdown_uploads'),
  };
}

function resolveAuth({ get }: Values): AuthConfig {
  return {
    challenge: get('auth.challenge'),
    tokenService: get('auth.token_service'),
    pullTokenTtlMs: get('auth.pull_token_ttl'),
    pushTokenTtlMs: get('auth.push_token_ttl'),
    anonymousPull: get('auth.anonymous_pull'),
    loginAttempts: get('auth.login_attempts'),
    loginWindowMs: get('auth.login_window'),
    keyRotationMs: get('auth.key_rotation'),
    passwordConcurrency: get('auth.password_concurrency'),
    passwordMaxAgeDays: get('auth.password_max_age_days'),
    passwordHistory: get('auth.password_history'),
    breachedFile: get('auth.breached_passwords_file'),
    breachedUrl: get('auth.breached_passwords_url'),
    ldapCa: get('auth.ldap_ca'),
    clientCertificates: get('auth.client_certificates'),
    clientCertificateHeader: get('auth.client_certificate_header'),
  };
}

const splitKeys = (text: string | undefined) => (text ?? '').split(/[\s,]+/).filter((item) => item !== '');

function checkSecretKeys({ get }: Values, refuse: Refuse): void {
  const expected = '32 random bytes in base64 or hex, as `openssl rand -base64 32` makes them';
  for (const key of ['secret_key', 'secret_keys_previous'] as const) {
    const text = get(key);
    const items = key === 'secret_key' && text !== undefined ? [text] : splitKeys(text);
    if (items.some((item) => parseSecretKey(item) === undefined)) refuse(key, expected, redacted);
  }
}

/** Puts the values together and adds what is wrong between them to `faults`. */
export function resolveConfig(values: Values, faults: ConfigFault[]): Config {
  const { get, sourceOf } = values;
  const refuse: Refuse = (key, expected, found) => faults.push({ key, source: sourceOf(key), expected, found });
  if (get('uploads.max_open_total') < get('uploads.max_open_per_user')) {
    refuse('uploads.max_open_total', 'at least uploads.max_open_per_user', String(get('uploads.max_open_total')));
  }
  checkSecretKeys(values, refuse);
  const blobs = resolveBlobs(values, refuse);
  return {
    listen: get('listen'),
    data: get('data'),
    externalUrl: get('external_url'),
    workers: get('workers'),
    readOnly: get('read_only'),
    accessLog: get('access_log'),
    trustedProxies: get('trusted_proxies'),
    log: { level: get('log.level'), format: get('log.format') },
    database: resolveDatabase(values, refuse),
    blobs,
    cold: resolveCold(values, refuse),
    tiering: {
      afterMs: get('tiering.after'),
      minSize: get('tiering.min_size'),
      promote: get('tiering.promote'),
      keepHotMs: get('tiering.keep_hot'),
      intervalMs: get('tiering.interval'),
      rate: get('tiering.rate'),
    },
    manifests: { cacheSizeBytes: get('manifests.cache_size'), maxSizeBytes: get('manifests.max_size') },
    indexes: { requireChildren: get('indexes.require_children') },
    uploads: {
      expireMs: get('uploads.expire'),
      purgeIntervalMs: get('uploads.purge_interval'),
      maxOpenPerUser: get('uploads.max_open_per_user'),
      maxOpenTotal: get('uploads.max_open_total'),
    },
    gc: resolveCollection(values),
    scrub: {
      periodMs: get('scrub.period'),
      rate: get('scrub.rate'),
      repairFrom: splitKeys(get('scrub.repair_from')),
    },
    jobs: resolveJobs(values, refuse),
    undo: { windowMs: get('undo.window') ?? keepMs(values) },
    backup: resolveBackup(values, blobs, refuse),
    limits: resolveLimits(values),
    auth: resolveAuth(values),
    outbound: { allow: get('outbound.allow'), ports: get('outbound.ports') },
    tls: resolveTls(values, refuse),
    metrics: { public: get('metrics.public') },
    audit: { pulls: get('audit.pulls') },
  };
}

export function resolveSecrets({ get }: Values): Secrets {
  const secretKey = get('secret_key');
  const previous = splitKeys(get('secret_keys_previous')).map(parseSecretKey);
  return sealSecrets({
    adminPassword: get('auth.admin_password'),
    secretKey: secretKey === undefined ? undefined : parseSecretKey(secretKey),
    previousSecretKeys: previous.length === 0 ? undefined : previous.filter((key) => key !== undefined),
    databaseUrl: get('database.url'),
    s3AccessKey: get('blobs.s3.access_key'),
    s3SecretKey: get('blobs.s3.secret_key'),
    s3SessionToken: get('blobs.s3.session_token'),
    coldS3AccessKey: get('blobs.cold.s3.access_key'),
    coldS3SecretKey: get('blobs.cold.s3.secret_key'),
  });
}
