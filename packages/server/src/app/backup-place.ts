import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BackupUnusable } from '#features/backup';
import type { Config, Secrets } from '#platform/config';
import { parseSecretKey } from '#platform/crypto';
import { type ObjectFolder, openDirectory } from '#platform/objects';

type Environment = Readonly<Record<string, string | undefined>>;

const s3Pattern = /^s3:\/\/([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/;
const s3Options = new Set(['endpoint', 'region', 'path_style']);

/**
 * Opens the folder or bucket of an address, `/mnt/backup` or `s3://bucket/prefix?endpoint=…&region=…`. What the address
 * does not say of S3 is as for the blobs of the registry, where they are on S3. Throws `BackupUnusable` for an address
 * that is neither.
 */
export async function openBackupFolder(
  address: string,
  env: Environment,
  registry: { readonly config: Config; readonly secrets: Secrets } | undefined,
): Promise<ObjectFolder> {
  if (!/^\w+:\/\//.test(address)) return openDirectory(resolve(address));
  const [, bucket, prefix = '', query = ''] = s3Pattern.exec(address) ?? [];
  if (bucket === undefined) {
    throw new BackupUnusable(`${address} is no place for backups: expected a folder, or s3://BUCKET/PREFIX.`);
  }
  const options = new URLSearchParams(query);
  for (const name of options.keys()) {
    if (s3Options.has(name)) continue;
    throw new BackupUnusable(`${name} in ${address} is not known: expected ${[...s3Options].join(', ')}.`);
  }
  const like = registry?.config.blobs.kind === 's3' ? registry.config.blobs : undefined;
  const endpoint = options.get('endpoint') ?? like?.endpoint;
  const pathStyle = options.get('path_style');
  const secrets = env['AWS_ACCESS_KEY_ID'] === undefined && like !== undefined ? registry?.secrets : undefined;
  const { openS3Objects } = await import('#platform/blobs/s3');
  return openS3Objects({
    ...(endpoint === undefined ? {} : { endpoint }),
    region: options.get('region') ?? env['AWS_REGION'] ?? like?.region ?? 'us-east-1',
    bucket,
    prefix,
    forcePathStyle: pathStyle === null ? endpoint !== undefined : pathStyle === 'true',
    redirect: false,
    redirectExpiresSeconds: 0,
    ...(secrets?.s3AccessKey === undefined ? {} : { accessKeyId: secrets.s3AccessKey }),
    ...(secrets?.s3SecretKey === undefined ? {} : { secretAccessKey: secrets.s3SecretKey }),
    ...(secrets?.s3SessionToken === undefined ? {} : { sessionToken: secrets.s3SessionToken }),
  });
}

/** Reads the key that backups are encrypted with. Throws `BackupUnusable` for a file that holds none. */
export function readBackupKey(path: string | undefined): Uint8Array | undefined {
  if (path === undefined) return undefined;
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as { code?: string };
    throw new BackupUnusable(`The key file ${path} cannot be read (${code}).`, error);
  }
  const key = parseSecretKey(text);
  if (key !== undefined) return key;
  throw new BackupUnusable(
    `The key file ${path} holds no key: expected 32 random bytes in base64 or hex, as \`openssl rand -base64 32\` makes them.`,
  );
}
