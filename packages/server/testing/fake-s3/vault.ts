import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where the fake server keeps things: small records by name, and bytes by reference. */
export interface Vault {
  putBytes(reference: string, bytes: Buffer): Promise<void>;
  getBytes(reference: string, first: number, size: number): Promise<Buffer>;
  deleteBytes(reference: string): Promise<void>;
  putRecord(kind: string, name: string, record: unknown): Promise<void>;
  deleteRecord(kind: string, name: string): Promise<void>;
  /** All records of a kind, as they were when the server started. */
  loadRecords(kind: string): Promise<Map<string, unknown>>;
}

/** Keeps everything in memory. */
export function createMemoryVault(): Vault {
  const bytes = new Map<string, Buffer>();
  return {
    async putBytes(reference, data) {
      bytes.set(reference, data);
    },
    async getBytes(reference, first, size) {
      const data = bytes.get(reference);
      if (data === undefined) {
        throw new Error('the bytes were deleted');
      }
      return data.subarray(first, first + size);
    },
    async deleteBytes(reference) {
      bytes.delete(reference);
    },
    async putRecord() {},
    async deleteRecord() {},
    async loadRecords() {
      return new Map();
    },
  };
}

/** Keeps everything in a folder, so that the server can be stopped and started again. */
export async function createFolderVault(folder: string): Promise<Vault> {
  const bytesFolder = join(folder, 'bytes');
  await mkdir(bytesFolder, { recursive: true });
  const recordPath = (kind: string, name: string) => join(folder, kind, encodeURIComponent(name));
  return {
    putBytes: (reference, data) => writeFile(join(bytesFolder, reference), data),
    async getBytes(reference, first, size) {
      await using file = await open(join(bytesFolder, reference));
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(size), 0, size, first);
      return buffer.subarray(0, bytesRead);
    },
    deleteBytes: (reference) => rm(join(bytesFolder, reference), { force: true }),
    async putRecord(kind, name, record) {
      await mkdir(join(folder, kind), { recursive: true });
      const draft = `${recordPath(kind, name)}.draft`;
      await writeFile(draft, JSON.stringify(record));
      await rename(draft, recordPath(kind, name));
    },
    deleteRecord: (kind, name) => rm(recordPath(kind, name), { force: true }),
    async loadRecords(kind) {
      await mkdir(join(folder, kind), { recursive: true });
      const names = (await readdir(join(folder, kind))).filter((name) => !name.endsWith('.draft'));
      const load = async (name: string): Promise<[string, unknown]> => [
        decodeURIComponent(name),
        JSON.parse(await readFile(join(folder, kind, name), 'utf8')),
      ];
      return new Map(await Promise.all(names.map(load)));
    },
  };
}
