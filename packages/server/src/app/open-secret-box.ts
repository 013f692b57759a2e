import type { Config, Secrets } from '#platform/config';
import { createSecretBox, openSecretKeys, type SecretBox } from '#platform/crypto';
import { type Db, holdsSealed, resealColumns } from '#platform/db';
import type { Log } from '#platform/log';

export interface SecretBoxSources {
  readonly config: Pick<Config, 'data'>;
  readonly secrets: Secrets;
  readonly db: Db;
  readonly log: Log;
}

/**
 * The box that secrets in the database lie in, with everything in it under the newest key. Rejects with
 * `SecretUnusable` when a secret is there whose key is not.
 */
export async function openSecretBox({ config, secrets, db, log }: SecretBoxSources): Promise<SecretBox> {
  const keys = await openSecretKeys({
    given: secrets.secretKey,
    previous: secrets.previousSecretKeys ?? [],
    folder: config.data,
    holdsSealed: () => holdsSealed(db),
  });
  const box = createSecretBox(keys);
  const changed = await resealColumns(db, box);
  if (changed > 0) log.forPlace('platform:crypto').info({ changed }, 'Sealed secrets with the newest key.');
  return box;
}
