import { measureBitRot } from '@entrepot/server/testing/measure-bit-rot';
import { makeChance } from './random.ts';

/** Damages files of a store at random and has one scrub find all of them. Rejects with what it did not find. */
export async function runRot(options: {
  readonly damages: number;
  readonly seed: string;
  readonly report: (line: string) => void;
}): Promise<void> {
  const { damages, seed, report } = options;
  report(`seed ${seed}`);
  const chance = makeChance(seed);
  const random = () => chance.between(0, 2 ** 31 - 1) / 2 ** 31;
  // A fifth are pairs of files that change places.
  const blobs = Math.ceil(damages * 3);
  const result = await measureBitRot({ blobs, damages, random });
  const kinds = result.kinds.map((kind, index) => `${result.byKind[index] ?? 0} ${kind}`).join(', ');
  report(`${damages} damages (${kinds}) to ${result.damaged} of ${blobs} blobs: ${result.found} found, none wrongly`);
  report(`${result.mendable} had a good copy: ${result.mended} mended, in ${result.seconds.toFixed(1)} s`);
}
