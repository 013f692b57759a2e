import { randomBytes } from 'node:crypto';
import { describe, digestOf, imageManifest, mediaType, someBytes } from '#support/content';
import { alternate, type Pace } from './pace.ts';
import type { Row, Section } from './report.ts';
import { type Rival, settleDisk, startRivals, transfer } from './rivals.ts';

const repository = 'library/bench';

/** One small image as a client pushes it: each blob asked for with HEAD, then sent; the manifest last. */
export async function pushSmallImage({ client }: Rival, where: string, tag: string): Promise<void> {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', nonce: randomBytes(16).toString('hex') });
  const layers = [someBytes(20_000), someBytes(5_000)];
  for (const bytes of [config, ...layers]) {
    await client.expect(404, 'HEAD', `/v2/${where}/blobs/${digestOf(bytes)}`);
    await client.pushBlob(where, bytes);
  }
  const manifest = imageManifest(
    describe(mediaType.config, config),
    layers.map((layer) => describe(mediaType.layer, layer)),
  );
  await client.pushManifest(where, tag, manifest);
}

/** Pushes so many small images by so many writers; answers with images a second. */
async function pushMany(rival: Rival, images: number, writers: number, round: number): Promise<number> {
  const from = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (; next < images; ) await pushSmallImage(rival, `library/small-${writer}`, `r${round}-${next++}`);
    }),
  );
  return images / ((performance.now() - from) / 1000);
}

/** A large layer by one writer, and many small images by eight. */
export async function measurePushes(pace: Pace): Promise<Section> {
  await using rivals = await startRivals();
  const rows: Row[] = [];
  const mebibytes = pace.quick ? 256 : 1024;
  const large = await alternate(pace, rivals, async (rival) => {
    await settleDisk();
    const order = { origin: rival.origin, repository, headers: rival.headers, mebibytes };
    const { bytes, seconds, digest } = await transfer('upload.ts', order);
    await rival.client.expect(202, 'DELETE', `/v2/${repository}/blobs/${digest}`);
    return bytes / seconds / (1 << 20);
  });
  rows.push({ what: `push of a layer of ${mebibytes} MiB`, unit: 'MiB/s', ...large, better: 'more', aim: '≥ 1.0×' });
  pace.log(`push of ${mebibytes} MiB: ${large.ours.toFixed()} against ${large.theirs.toFixed()} MiB/s`);

  const images = pace.quick ? 80 : 200;
  const small = await alternate(pace, rivals, async (rival, round) => {
    await settleDisk();
    return pushMany(rival, images, 8, round);
  });
  rows.push({
    what: `${images} pushes of a small image, 8 writers`,
    unit: 'images/s',
    ...small,
    better: 'more',
    aim: '≥ 3×',
  });
  pace.log(`small images: ${small.ours.toFixed(1)} against ${small.theirs.toFixed(1)} images/s`);
  return {
    name: 'pushes',
    title: 'Pushes',
    note: `Entrepot has the bytes and the names on the disk (fsync) before it answers 201; docker-registry 2.8 leaves that to the kernel. A layer is pushed by POST, PATCH, PUT, an image of two layers with HEAD before each blob. Medians of ${pace.rounds} rounds, in turn.`,
    rows,
  };
}
