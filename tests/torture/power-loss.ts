import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { mustRun } from '#support/program';
import { makeTemporaryFolder } from '#support/temporary-folder';

/** A file system of its own whose power can be cut: what was not synced is gone, as after a real one. */
export interface MortalDisk extends AsyncDisposable {
  /** Where the registry keeps its data. */
  readonly folder: string;
  /** Cuts the power, and comes up again as a machine does: from the disk alone. */
  losePower(): Promise<void>;
}

/** Linux's EXT4_IOC_SHUTDOWN, a read of 32 bits, and its flag that keeps even the journal from being written. */
const shutDown = `
  open(my $folder, '<', $ARGV[0]) or die "open: $!";
  my $flags = pack('L', 2);
  ioctl($folder, 0x8004587d, $flags) or die "ioctl: $!";`;

const megabytes = 192;

/** None of the programs here has more to do than a second's work; one that hangs shall say which it was. */
const must = (command: string, args: readonly string[]) => mustRun(command, args, { timeout: 30_000 });

/** Why there can be no such disk on this machine; undefined when there can. */
export async function missingMortalDisk(): Promise<string | undefined> {
  try {
    await using disk = await makeMortalDisk();
    await disk.losePower();
    return undefined;
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n').slice(-1);
    return `no file system can be mounted from a file and shut down here: ${reason}`;
  }
}

/** Makes it in a file, with ext4 on it. Rejects where this machine mounts no files, with the reason. */
export async function makeMortalDisk(): Promise<MortalDisk> {
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await makeTemporaryFolder('disk'));
  const [image, mountPoint] = [join(place.path, 'disk.img'), join(place.path, 'mnt')];
  await must('truncate', ['-s', `${megabytes}M`, image]);
  await must('mkfs.ext4', ['-q', '-F', image]);
  await mkdir(mountPoint);
  const mount = () => must('mount', ['-o', 'loop', image, mountPoint]);
  const unmount = () => must('umount', [mountPoint]);
  await mount();
  stack.defer(async () => void (await unmount()));
  const owned = stack.move();
  return {
    folder: join(mountPoint, 'data'),
    async losePower() {
      await must('perl', ['-e', shutDown, mountPoint]);
      await unmount();
      await mount();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What must hold on the disk itself: every file under a final name has its bytes, and the database is whole. */
export async function assertDiskSound(data: string): Promise<void> {
  const blobs = join(data, 'blobs');
  const entries = await readdir(blobs, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const found = /^([0-9a-f]{64}|[0-9a-f]{128})\./.exec(entry.name);
    if (!entry.isFile() || found === null) continue;
    const hex = found[1] ?? '';
    const bytes = await readFile(join(entry.parentPath, entry.name)).catch((error: NodeJS.ErrnoException) => {
      // A collection may take it at this moment.
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (bytes === undefined) continue;
    const algorithm = hex.length === 64 ? 'sha256' : 'sha512';
    if (createHash(algorithm).update(bytes).digest('hex') !== hex) throw new Error(`${entry.name} has other bytes`);
  }
  using database = new DatabaseSync(join(data, 'entrepot.db'), { readOnly: true, timeout: 5000 });
  const [row] = database.prepare('pragma integrity_check').all() as { integrity_check: string }[];
  if (row?.integrity_check !== 'ok') throw new Error(`the database is damaged: ${row?.integrity_check}`);
}
