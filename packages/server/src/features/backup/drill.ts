import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type Check, type CheckDeps, runChecks } from './check.ts';
import type { BlobSource } from './blob-objects.ts';
import type { Place } from './place.ts';
import { type RestoreSite, restore } from './restore.ts';
import type { RestoredBlobs } from './restore-blobs.ts';
import type { ListedBlob, Report } from './types.ts';

/** A restored database, opened and brought to this build's version as a start would. */
export interface OpenedRestored extends AsyncDisposable, Pick<CheckDeps, 'readModel' | 'chain'> {
  countBlobs(): Promise<number>;
  blobs(): AsyncIterable<readonly ListedBlob[]>;
}

export interface DrillOptions {
  readonly place: Place;
  readonly at: number | undefined;
  /** In a place of its own, which the caller removes. */
  readonly site: RestoreSite;
  readonly openRestored: () => Promise<OpenedRestored>;
  /** Reads the restored blobs, to hash them all; undefined looks at their sizes. */
  readonly deep: BlobSource | undefined;
  readonly clock: () => number;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (step: DrillStep) => void;
}

export interface DrillStep {
  readonly name: string;
  readonly ms: number;
}

/** What a drill found, as it is kept in `last-drill.json`. */
export interface DrillResult {
  readonly passed: boolean;
  /** When it began; milliseconds since the epoch. */
  readonly at: number;
  readonly from: string;
  readonly state: { readonly snapshot: string; readonly changes: number; readonly at: number };
  readonly blobs: Omit<RestoredBlobs, 'missing'>;
  readonly steps: readonly DrillStep[];
  readonly checks: readonly Check[];
  /** Until a registry could have been started. */
  readonly rtoMs: number;
  /** How old the newest state was; null when an older one was asked for. */
  readonly rpoMs: number | null;
  readonly totalMs: number;
}

export const lastDrillName = 'last-drill.json';

/** Restores, checks everything, and tells how long it took. Rejects with `BackupUnusable` when nothing can be restored. */
export async function drill(options: DrillOptions): Promise<DrillResult> {
  const { place, at, site, clock, report, signal, onStep } = options;
  const began = clock();
  const start = performance.now();
  const steps: DrillStep[] = [];
  let last = start;
  const note = (name: string) => {
    const now = performance.now();
    const step = { name, ms: Math.round(now - last) };
    last = now;
    steps.push(step);
    onStep(step);
  };
  const { state, blobs, missing } = await restore({ place, site, at, report, signal, onStep: note });
  await using opened = await options.openRestored();
  note('open');
  const rtoMs = Math.round(performance.now() - start);
  const checks: Check[] = [];
  const deep = options.deep === undefined ? undefined : { source: options.deep, blobs: opened.blobs() };
  const blobCount = await opened.countBlobs();
  for await (const check of runChecks({ ...opened, missing, blobCount, deep, report })) {
    checks.push(check);
    note(check.name);
  }
  const { missing: _told, ...tally } = blobs;
  return {
    passed: checks.every(({ faults }) => faults.length === 0),
    at: began,
    from: place.folder.description,
    state: { snapshot: state.snapshot.id, changes: state.changes.length, at: state.at },
    blobs: tally,
    steps,
    checks,
    rtoMs,
    rpoMs: at === undefined ? Math.max(0, began - state.at) : null,
    totalMs: Math.round(performance.now() - start),
  };
}

/** Keeps the result at the place, and in the data folder where one was named. */
export async function keepDrill({ folder }: Place, data: string | undefined, result: DrillResult): Promise<void> {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  await folder.write(lastDrillName, Readable.from([Buffer.from(text)]));
  await folder.flush();
  if (data !== undefined) await writeFile(join(data, lastDrillName), text);
}
