import { createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Change } from './wal-position.ts';

const hashBytes = 32;

/** A change as bytes, with a hash in front. */
export function encodeChange({ from, to, pageSize, databasePages, pages }: Change): Buffer {
  const facts = Buffer.from(JSON.stringify({ from, to, pageSize, databasePages, pages: [...pages.keys()] }));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(facts.length);
  const body = zstdCompressSync(Buffer.concat([length, facts, ...pages.values()]));
  return Buffer.concat([createHash('sha256').update(body).digest(), body]);
}

/** Throws for bytes that no change was encoded as. */
export function decodeChange(bytes: Uint8Array): Change {
  const [hash, body] = [bytes.subarray(0, hashBytes), bytes.subarray(hashBytes)];
  if (!createHash('sha256').update(body).digest().equals(hash)) throw new Error('The hash of the change is another.');
  const plain = zstdDecompressSync(body);
  const start = 4 + plain.readUInt32BE(0);
  const facts = JSON.parse(plain.toString('utf8', 4, start)) as Omit<Change, 'pages'> & { readonly pages: number[] };
  const { pageSize } = facts;
  const pages = new Map(
    facts.pages.map((page, at) => [page, plain.subarray(start + at * pageSize, start + (at + 1) * pageSize)]),
  );
  if (plain.length !== start + pages.size * pageSize) throw new Error('The change is not as long as it says.');
  return { ...facts, pages };
}
