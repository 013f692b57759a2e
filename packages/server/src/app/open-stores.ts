import type { BlobStore } from '#platform/blobs';
import { createFilesystemBlobs } from '#platform/blobs/filesystem';
import type { Config, Secrets } from '#platform/config';
import { type Db, openPostgresDb, openSqliteDb } from '#platform/db';
import type { Log } from '#platform/log';

/** Opens the metadata database that the configuration names. */
export function openDb(config: Config, secrets: Secrets, log: Log): Promise<Db> {
  const { database } = config;
  switch (database.kind) {
    case 'sqlite':
      return openSqliteDb(database.path, { alone: config.workers === 1, shipped: config.backup !== null });
    case 'postgres': {
      const logger = log.forPlace('platform:db');
      return openPostgresDb({
        url: secrets.databaseUrl ?? '',
        poolSize: database.poolSize,
        onIdleError: (error) => logger.warn({ error }, 'An idle database connection broke; the pool opens another.'),
      });
    }
    default:
      return database satisfies never;
  }
}

/**
 * Opens the blob store that the configuration names, of two tiers where it names two. The S3 client is loaded only by
 * those who use it.
 */
export async function openBlobs(config: Config, secrets: Secrets): Promise<BlobStore> {
  const hot = await openHot(config, secrets);
  if (config.cold === null) return hot;
  const { createTieredBlobs } = await import('#platform/blobs/tiered');
  return createTieredBlobs({ hot, cold: await openCold(config.cold, secrets) });
}

async function openCold(cold: NonNullable<Config['cold']>, secrets: Secrets): Promise<BlobStore> {
  switch (cold.kind) {
    case 'filesystem':
      return createFilesystemBlobs({ root: cold.path });
    case 's3': {
      const { createS3Blobs } = await import('#platform/blobs/s3');
      return createS3Blobs({
        ...(cold.endpoint === undefined ? {} : { endpoint: cold.endpoint }),
        region: cold.region,
        bucket: cold.bucket,
        prefix: cold.prefix,
        forcePathStyle: cold.pathStyle,
        redirect: false,
        redirectExpiresSeconds: 0,
        ...(cold.storageClass === undefined ? {} : { storageClass: cold.storageClass }),
        restoreDays: cold.restoreDays,
        restoreSpeed: cold.restoreSpeed,
        ...(secrets.coldS3AccessKey === undefined ? {} : { accessKeyId: secrets.coldS3AccessKey }),
        ...(secrets.coldS3SecretKey === undefined ? {} : { secretAccessKey: secrets.coldS3SecretKey }),
      });
    }
    default:
      return cold satisfies never;
  }
}

async function openHot(config: Config, secrets: Secrets): Promise<BlobStore> {
  const { blobs } = config;
  switch (blobs.kind) {
    case 'filesystem':
      return createFilesystemBlobs({ root: blobs.path });
    case 's3': {
      const { createS3Blobs } = await import('#platform/blobs/s3');
      return createS3Blobs({
        ...(blobs.endpoint === undefined ? {} : { endpoint: blobs.endpoint }),
        region: blobs.region,
        bucket: blobs.bucket,
        prefix: blobs.prefix,
        forcePathStyle: blobs.pathStyle,
        redirect: blobs.redirect,
        redirectExpiresSeconds: Math.floor(blobs.redirectExpiresMs / 1000),
        partSize: blobs.partSizeBytes,
        uploadMemory: blobs.uploadMemoryBytes,
        ...(secrets.s3AccessKey === undefined ? {} : { accessKeyId: secrets.s3AccessKey }),
        ...(secrets.s3SecretKey === undefined ? {} : { secretAccessKey: secrets.s3SecretKey }),
        ...(secrets.s3SessionToken === undefined ? {} : { sessionToken: secrets.s3SessionToken }),
      });
    }
    default:
      return blobs satisfies never;
  }
}
