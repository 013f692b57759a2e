import { keyFilePath, makeKeyFile, readKeyFile } from './key-file.ts';
import { SecretUnusable } from './secret-box.ts';

export interface SecretKeySources {
  /** The key to seal with, when one was given. */
  readonly given: Uint8Array | undefined;
  /** Keys that only open. */
  readonly previous: readonly Uint8Array[];
  /** The folder where `secret.key` lies, or will. */
  readonly folder: string;
  /** Whether the database holds something sealed already: then a new key would be of no use. */
  readonly holdsSealed: () => Promise<boolean>;
}

/**
 * The keys for a secret box, the one to seal with first. Without a given one that is the key of the file `secret.key`,
 * which the very first start makes. A file that is there beside a given key still opens what it sealed.
 * Rejects with `SecretUnusable` when there is no key and it is too late to make one.
 */
export async function openSecretKeys(sources: SecretKeySources): Promise<readonly Uint8Array[]> {
  const { given, previous, folder } = sources;
  const kept = await readKeyFile(folder);
  if (given !== undefined) return [given, ...previous, ...(kept === undefined ? [] : [kept])];
  return [kept ?? (await makeUnlessTooLate(sources)), ...previous];
}

async function makeUnlessTooLate({ folder, holdsSealed }: SecretKeySources): Promise<Uint8Array> {
  if (!(await holdsSealed())) return makeKeyFile(folder);
  // Another process that started with us may have made the file and sealed since we looked.
  const made = await readKeyFile(folder);
  if (made !== undefined) return made;
  throw new SecretUnusable(
    `The database holds sealed secrets and their key is not here: put the file back to ${keyFilePath(folder)}, or give ` +
      'the key as ENTREPOT_SECRET_KEY; nothing was changed.',
  );
}
