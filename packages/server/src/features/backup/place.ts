import { hkdfSync } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream';
import { createZstdCompress, createZstdDecompress } from 'node:zlib';
import { RegistryError } from '#kernel/errors';
import type { ObjectFolder } from '#platform/objects';
import { BackupUnusable } from './backup-unusable.ts';
import { type SealKey, seal, unseal } from './seal.ts';
import type { PlaceFacts } from './types.ts';

const factsName = 'entrepot-backup.json';

/** Where the backups of one registry lie. */
export interface Place {
  readonly folder: ObjectFolder;
  readonly facts: PlaceFacts;
  readonly key: SealKey;
  /** Compresses, seals and writes. */
  write(name: string, source: AsyncIterable<Uint8Array>): Promise<void>;
  /** Rejects with `BackupUnusable` when it is not there or not what was written. */
  read(name: string): AsyncIterable<Uint8Array>;
  writeJson(name: string, value: unknown): Promise<void>;
  readJson(name: string): Promise<unknown>;
}

const keyIdOf = (key: SealKey) =>
  key === undefined
    ? null
    : Buffer.from(hkdfSync('sha256', key, new Uint8Array(), 'entrepot backup key id', 8)).toString('hex');

/** Opens a place that has backups. Rejects with `BackupUnusable` when it has none, or when the key is not theirs. */
export async function openPlace(folder: ObjectFolder, key: SealKey): Promise<Place> {
  const facts = await readFacts(folder);
  if (facts === undefined) throw new BackupUnusable(`There are no backups in ${folder.description}.`);
  assertKey(folder, facts, key);
  return createPlace(folder, facts, key);
}

/** As `openPlace` for the backups of one registry; a place that is empty becomes theirs. */
export async function claimPlace(
  folder: ObjectFolder,
  key: SealKey,
  { store, kind }: { readonly store: string; readonly kind: PlaceFacts['database'] },
): Promise<Place> {
  const found = await readFacts(folder);
  if (found !== undefined) {
    assertKey(folder, found, key);
    if (found.store !== store) {
      throw new BackupUnusable(`${folder.description} holds the backups of another registry: choose another place.`);
    }
    return createPlace(folder, found, key);
  }
  const facts: PlaceFacts = {
    format: 1,
    store,
    database: kind,
    encryption: key === undefined ? 'none' : 'aes-256-gcm',
    keyId: keyIdOf(key),
  };
  await folder.write(factsName, Readable.from([Buffer.from(`${JSON.stringify(facts, null, 2)}\n`)]));
  await folder.flush();
  return createPlace(folder, facts, key);
}

function assertKey(folder: ObjectFolder, facts: PlaceFacts, key: SealKey): void {
  const given = keyIdOf(key);
  if (given === facts.keyId) return;
  if (given === null) {
    throw new BackupUnusable(
      `The backups in ${folder.description} are encrypted: name their key with --encrypt-key-file.`,
    );
  }
  if (facts.keyId === null) {
    throw new BackupUnusable(
      `The backups in ${folder.description} are not encrypted: leave --encrypt-key-file out, or choose an empty place.`,
    );
  }
  throw new BackupUnusable(
    `The backups in ${folder.description} are encrypted with another key (${facts.keyId}) than the given one (${given}).`,
  );
}

async function readFacts(folder: ObjectFolder): Promise<PlaceFacts | undefined> {
  const bytes = await readObject(folder, factsName);
  if (bytes === undefined) return undefined;
  let facts: Partial<PlaceFacts>;
  try {
    facts = JSON.parse(bytes.toString()) as Partial<PlaceFacts>;
  } catch (error) {
    throw new BackupUnusable(`${factsName} in ${folder.description} is damaged.`, error);
  }
  if (facts.format !== 1 || typeof facts.store !== 'string') {
    throw new BackupUnusable(`${folder.description} was written by another version of Entrepot.`);
  }
  return facts as PlaceFacts;
}

/** Undefined when there is no such object. */
async function readObject(folder: ObjectFolder, name: string): Promise<Buffer | undefined> {
  try {
    return await gather(await folder.read(name));
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'object-not-found') return undefined;
    throw error;
  }
}

export async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function createPlace(folder: ObjectFolder, facts: PlaceFacts, key: SealKey): Place {
  async function write(name: string, source: AsyncIterable<Uint8Array>): Promise<void> {
    const packed = pipeline(Readable.from(source), createZstdCompress(), () => undefined);
    await folder.write(name, seal(name, packed, key));
  }

  async function* read(name: string): AsyncGenerator<Uint8Array, void, void> {
    let stored: Readable;
    try {
      stored = await folder.read(name);
    } catch (error) {
      if (error instanceof RegistryError && error.code === 'object-not-found') {
        throw new BackupUnusable(`${name} is missing in ${folder.description}.`, error);
      }
      throw error;
    }
    let failure: unknown;
    const opened = pipeline(Readable.from(unseal(name, stored, key)), createZstdDecompress(), (error) => {
      failure = error ?? failure;
    });
    try {
      yield* opened as AsyncIterable<Buffer>;
    } catch (error) {
      if (error instanceof BackupUnusable || failure instanceof BackupUnusable) throw failure ?? error;
      if (String((error as { code?: string }).code).startsWith('ZSTD_')) {
        throw new BackupUnusable(`${name} of the backup is damaged.`, error);
      }
      throw error;
    } finally {
      stored.destroy();
    }
  }

  return {
    folder,
    facts,
    key,
    write,
    read,
    writeJson: (name, value) => write(name, Readable.from([Buffer.from(JSON.stringify(value))])),
    readJson: async (name) => JSON.parse((await gather(read(name))).toString()) as unknown,
  };
}
