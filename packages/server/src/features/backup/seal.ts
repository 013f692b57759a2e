import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { BackupUnusable } from './backup-unusable.ts';

/**
 * How objects of a backup are written: pieces of at most a mebibyte, each with a tag over its bytes, its number and
 * whether it is the last, so that a piece changed, moved, lost or cut off is found. With a key the tag is that of
 * AES-256-GCM under a key of the object's own, drawn from the given key, a random salt and the object's name; without,
 * it is a part of a SHA-256, which finds damage but not malice.
 */
const magic = Buffer.from('EPB1');
const saltBytes = 32;
const headerBytes = magic.length + 4 + saltBytes;
const pieceBytes = 1024 * 1024;
const tagBytes = 16;
const lastBit = 0x8000_0000;
const overheadPerPiece = 4 + tagBytes;

export type SealKey = Uint8Array | undefined;

/** Bytes that an object of so many bytes takes when it is sealed. */
export const sealedSize = (size: number): number =>
  headerBytes + size + Math.max(1, Math.ceil(size / pieceBytes)) * overheadPerPiece;

/** Seals what comes; the name is part of what is vouched for. */
export async function* seal(
  name: string,
  source: AsyncIterable<Uint8Array>,
  key: SealKey,
): AsyncGenerator<Buffer, void, void> {
  const salt = randomBytes(saltBytes);
  yield Buffer.concat([magic, Buffer.from([key === undefined ? 0 : 1, 0, 0, 0]), salt]);
  const box = createPieceBox(name, salt, key);
  let number = 0;
  for await (const { bytes, last } of cut(source)) {
    yield box.close(bytes, number, last);
    number += 1;
  }
}

/** Gives back what was sealed. Throws `BackupUnusable` at the first piece that is not as it was, before handing it out. */
export async function* unseal(
  name: string,
  source: AsyncIterable<Uint8Array>,
  key: SealKey,
): AsyncGenerator<Buffer, void, void> {
  const reader = createReader(source);
  const header = await reader.take(headerBytes);
  if (header === undefined || !header.subarray(0, magic.length).equals(magic)) throw damaged(name, 'its beginning');
  const isEncrypted = header[magic.length] === 1;
  if (isEncrypted !== (key !== undefined)) {
    throw new BackupUnusable(`${name} is ${isEncrypted ? '' : 'not '}encrypted, unlike the place it lies in.`);
  }
  const box = createPieceBox(name, header.subarray(magic.length + 4), key);
  for (let number = 0; ; number += 1) {
    const length = await reader.take(4);
    if (length === undefined) throw damaged(name, 'its end: it is cut short');
    const word = length.readUInt32BE(0);
    const last = word >= lastBit;
    const size = last ? word - lastBit : word;
    const piece = size > pieceBytes ? undefined : await reader.take(size + tagBytes);
    if (piece === undefined) throw damaged(name, 'its end: it is cut short');
    const bytes = box.open(piece, number, last);
    if (bytes === undefined) throw damaged(name, `piece ${number + 1}`);
    yield bytes;
    if (!last) continue;
    if ((await reader.take(1)) !== undefined) throw damaged(name, 'what follows its end');
    return;
  }
}

function damaged(name: string, where: string): BackupUnusable {
  return new BackupUnusable(`${name} of the backup is damaged: ${where} is not what was written.`);
}

interface PieceBox {
  close(bytes: Buffer, number: number, last: boolean): Buffer;
  /** Undefined when the tag is not that of the bytes. */
  open(piece: Buffer, number: number, last: boolean): Buffer | undefined;
}

function createPieceBox(name: string, salt: Uint8Array, key: SealKey): PieceBox {
  const nonceOf = (number: number, last: boolean) => {
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(number, 4, 6);
    nonce[11] = last ? 1 : 0;
    return nonce;
  };
  const withLength = (bytes: Buffer, last: boolean, tag: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length + (last ? lastBit : 0));
    return Buffer.concat([length, bytes, tag]);
  };
  if (key === undefined) {
    const tagOf = (bytes: Uint8Array, number: number, last: boolean) =>
      createHash('sha256')
        .update(salt)
        .update(name)
        .update(nonceOf(number, last))
        .update(bytes)
        .digest()
        .subarray(0, tagBytes);
    return {
      close: (bytes, number, last) => withLength(bytes, last, tagOf(bytes, number, last)),
      open(piece, number, last) {
        const bytes = piece.subarray(0, -tagBytes);
        return tagOf(bytes, number, last).equals(piece.subarray(-tagBytes)) ? bytes : undefined;
      },
    };
  }
  const own = Buffer.from(hkdfSync('sha256', key, salt, `entrepot backup object ${name}`, 32));
  return {
    close(bytes, number, last) {
      const cipher = createCipheriv('aes-256-gcm', own, nonceOf(number, last));
      const hidden = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return withLength(hidden, last, cipher.getAuthTag());
    },
    open(piece, number, last) {
      const decipher = createDecipheriv('aes-256-gcm', own, nonceOf(number, last), { authTagLength: tagBytes });
      decipher.setAuthTag(piece.subarray(-tagBytes));
      try {
        return Buffer.concat([decipher.update(piece.subarray(0, -tagBytes)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}

/** Cuts a stream into pieces of equal size; the last one may be shorter, or empty. */
async function* cut(source: AsyncIterable<Uint8Array>): AsyncGenerator<{ bytes: Buffer; last: boolean }, void, void> {
  const reader = createReader(source);
  let piece = await reader.takeUpTo(pieceBytes);
  for (;;) {
    const next = piece.length < pieceBytes ? Buffer.alloc(0) : await reader.takeUpTo(pieceBytes);
    yield { bytes: piece, last: next.length === 0 };
    if (next.length === 0) return;
    piece = next;
  }
}

function createReader(source: AsyncIterable<Uint8Array>) {
  const chunks = source[Symbol.asyncIterator]();
  let waiting: Buffer[] = [];
  let size = 0;

  async function takeUpTo(count: number): Promise<Buffer> {
    while (size < count) {
      const next = await chunks.next();
      if (next.done === true) break;
      waiting.push(Buffer.from(next.value.buffer, next.value.byteOffset, next.value.byteLength));
      size += next.value.byteLength;
    }
    const all = waiting.length === 1 ? (waiting[0] as Buffer) : Buffer.concat(waiting);
    const taken = all.subarray(0, count);
    waiting = all.length > count ? [all.subarray(count)] : [];
    size = all.length - taken.length;
    return taken;
  }

  return {
    takeUpTo,
    /** Undefined when the stream ends before. */
    async take(count: number): Promise<Buffer | undefined> {
      const taken = await takeUpTo(count);
      return taken.length < count ? undefined : taken;
    },
  };
}
