import { createHash, randomUUID } from 'node:crypto';
import { S3Failure } from './s3-failure.ts';
import type { Vault } from './vault.ts';

interface Piece {
  readonly reference: string;
  readonly size: number;
  readonly etag: string;
}

/** A finished object. */
export interface StoredObject {
  readonly pieces: readonly Piece[];
  readonly size: number;
  readonly etag: string;
  readonly contentType: string;
  readonly modified: string;
  /** As the client asked for; absent is STANDARD. */
  readonly storageClass?: string;
}

/** An upload in parts that is not finished. */
export interface OpenUpload {
  readonly key: string;
  readonly contentType: string;
  readonly storageClass?: string;
  readonly parts: Record<number, Piece>;
}

/** A part as the client names it at the end. */
export interface NamedPart {
  readonly number: number;
  readonly etag: string;
}

/** What a client says of an object when it makes it. */
export interface ObjectKind {
  readonly contentType: string;
  readonly storageClass?: string;
}

/** One bucket with the rules of S3. */
export interface Bucket {
  readonly objects: ReadonlyMap<string, StoredObject>;
  readonly uploads: ReadonlyMap<string, OpenUpload>;
  find(key: string): StoredObject;
  put(key: string, bytes: Buffer, kind: ObjectKind, onlyNew: boolean): Promise<StoredObject>;
  read(object: StoredObject, first: number, last: number): AsyncGenerator<Buffer>;
  delete(key: string): Promise<void>;
  /** Whether it lies in an archive, and whether it is being fetched or was. */
  archiveState(key: string): 'none' | 'archived' | 'ongoing' | 'restored';
  /** Has it fetched from its archive. */
  restore(key: string): void;
  begin(key: string, kind: ObjectKind): Promise<string>;
  findUpload(key: string, uploadId: string): OpenUpload;
  putPart(key: string, uploadId: string, number: number, bytes: Buffer): Promise<string>;
  complete(key: string, uploadId: string, parts: readonly NamedPart[], onlyNew: boolean): Promise<StoredObject>;
  abort(key: string, uploadId: string): Promise<void>;
}

const smallestPart = 5 * 1024 * 1024;
const readStep = 256 * 1024;

/** Opens the bucket that the vault holds. */
export async function openBucket(vault: Vault, restoreMs = 0): Promise<Bucket> {
  /** When what is fetched from an archive is there. */
  const restored = new Map<string, number>();
  const objects = (await vault.loadRecords('objects')) as Map<string, StoredObject>;
  const uploads = (await vault.loadRecords('uploads')) as Map<string, OpenUpload>;

  async function keepPiece(bytes: Buffer): Promise<Piece> {
    const reference = randomUUID();
    await vault.putBytes(reference, bytes);
    return { reference, size: bytes.length, etag: createHash('md5').update(bytes).digest('hex') };
  }

  async function drop(pieces: Iterable<Piece>): Promise<void> {
    for (const { reference } of pieces) {
      await vault.deleteBytes(reference);
    }
  }

  function assertNew(key: string, onlyNew: boolean): void {
    if (onlyNew && objects.has(key)) {
      throw new S3Failure(412, 'PreconditionFailed');
    }
  }

  async function keepObject(key: string, pieces: Piece[], etag: string, kind: ObjectKind): Promise<StoredObject> {
    const size = pieces.reduce((sum, piece) => sum + piece.size, 0);
    const { contentType, storageClass } = kind;
    const of = storageClass === undefined ? {} : { storageClass };
    const object = { pieces, size, etag, contentType, modified: new Date().toISOString(), ...of };
    restored.delete(key);
    const replaced = objects.get(key);
    objects.set(key, object);
    await vault.putRecord('objects', key, object);
    await drop(replaced?.pieces ?? []);
    return object;
  }

  function findUpload(key: string, uploadId: string): OpenUpload {
    const upload = uploads.get(uploadId);
    if (upload?.key !== key) {
      throw new S3Failure(404, 'NoSuchUpload');
    }
    return upload;
  }

  return {
    objects,
    uploads,
    find(key) {
      const object = objects.get(key);
      if (object === undefined) {
        throw new S3Failure(404, 'NoSuchKey');
      }
      return object;
    },
    async put(key, bytes, kind, onlyNew) {
      assertNew(key, onlyNew);
      const piece = await keepPiece(bytes);
      return keepObject(key, [piece], piece.etag, kind);
    },
    async *read(object, first, last) {
      let start = 0;
      for (const { reference, size } of object.pieces) {
        const to = Math.min(last + 1 - start, size);
        for (let at = Math.max(first - start, 0); at < to; at += readStep) {
          yield await vault.getBytes(reference, at, Math.min(readStep, to - at));
        }
        start += size;
      }
    },
    async delete(key) {
      const object = objects.get(key);
      objects.delete(key);
      await vault.deleteRecord('objects', key);
      await drop(object?.pieces ?? []);
    },
    archiveState(key) {
      if (!/^(GLACIER|DEEP_ARCHIVE)$/.test(objects.get(key)?.storageClass ?? '')) return 'none';
      const at = restored.get(key);
      return at === undefined ? 'archived' : at > Date.now() ? 'ongoing' : 'restored';
    },
    restore(key) {
      restored.set(key, Date.now() + restoreMs);
    },
    async begin(key, kind) {
      const uploadId = randomUUID();
      uploads.set(uploadId, { key, ...kind, parts: {} });
      await vault.putRecord('uploads', uploadId, uploads.get(uploadId));
      return uploadId;
    },
    findUpload,
    async putPart(key, uploadId, number, bytes) {
      if (!(Number.isInteger(number) && number >= 1 && number <= 10_000)) {
        throw new S3Failure(400, 'InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
      }
      const upload = findUpload(key, uploadId);
      const piece = await keepPiece(bytes);
      const replaced = upload.parts[number];
      upload.parts[number] = piece;
      await vault.putRecord('uploads', uploadId, upload);
      await drop(replaced === undefined ? [] : [replaced]);
      return piece.etag;
    },
    async complete(key, uploadId, named, onlyNew) {
      const upload = findUpload(key, uploadId);
      assertNew(key, onlyNew);
      const pieces = choosePieces(upload, named);
      const hash = createHash('md5');
      for (const { etag } of pieces) {
        hash.update(Buffer.from(etag, 'hex'));
      }
      uploads.delete(uploadId);
      const object = await keepObject(key, pieces, `${hash.digest('hex')}-${pieces.length}`, upload);
      await vault.deleteRecord('uploads', uploadId);
      await drop(Object.values(upload.parts).filter((part) => !pieces.includes(part)));
      return object;
    },
    async abort(key, uploadId) {
      const upload = findUpload(key, uploadId);
      uploads.delete(uploadId);
      await vault.deleteRecord('uploads', uploadId);
      await drop(Object.values(upload.parts));
    },
  };
}

function choosePieces(upload: OpenUpload, named: readonly NamedPart[]): Piece[] {
  if (named.length === 0) {
    throw new S3Failure(400, 'MalformedXML', 'You must specify at least one part');
  }
  if (named.some(({ number }, index) => number <= (named[index - 1]?.number ?? 0))) {
    throw new S3Failure(400, 'InvalidPartOrder');
  }
  return named.map(({ number, etag }, index) => {
    const piece = upload.parts[number];
    if (piece === undefined || piece.etag !== etag.replaceAll('"', '')) {
      throw new S3Failure(400, 'InvalidPart', `part ${number} is not there or has another ETag`);
    }
    if (piece.size < smallestPart && index < named.length - 1) {
      throw new S3Failure(400, 'EntityTooSmall', `part ${number} has ${piece.size} bytes`);
    }
    return piece;
  });
}
