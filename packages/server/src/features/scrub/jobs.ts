import type { Asker } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { registryAsker } from '#kernel/registry-asker';
import type { Transact } from '#kernel/transaction';
import type { JobHandler, Jobs, RunningTask } from '#platform/jobs';
import type { Marks } from '#platform/marks';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPace } from '#platform/pace';
import { type PassDeps, runPass } from './pass.ts';
import type { ScrubReadModel } from './read-model.ts';
import { emptyTally, type PassTally } from './types.ts';

export const scrubType = 'STORAGE_SCRUB';

/** Whom the audit names for what nobody asked for. */
export const scrubber: Asker = registryAsker('scrub');

export interface ScrubPayload {
  /** What was looked at since then is passed over, in milliseconds since the Unix epoch. */
  readonly since: number;
  /** Asked for by somebody: it waits for its turn. Others end where one is under way already. */
  readonly asked: boolean;
}

export interface ScrubJobDeps {
  readonly pass: PassDeps;
  readonly readModel: ScrubReadModel;
  readonly jobs: Pick<Jobs, 'listRunning'>;
  readonly marks: Pick<Marks, 'write'>;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly rate: number;
}

const mebibyte = 1024 * 1024;
const turnMs = 1000;
const noteMs = 1000;

export const passMark = 'scrub';

/** One pass at a time over all processes: of several the one that was begun first. */
async function waitForTurn({ jobs }: ScrubJobDeps, task: RunningTask, asked: boolean): Promise<boolean> {
  for (;;) {
    const first = (await jobs.listRunning()).find(({ type, id }) => type === scrubType && id < task.id);
    if (first === undefined) return true;
    if (!asked) {
      task.log(`Task ${first.id} is at it already.`);
      return false;
    }
    task.report(`waits for task ${first.id}`);
    await sleep(turnMs, undefined, { signal: task.signal });
  }
}

export function createScrubHandler(deps: ScrubJobDeps): JobHandler {
  const { pass, readModel, marks, transact, clock, rate } = deps;

  async function run(task: RunningTask): Promise<void> {
    const { since, asked } = task.payload as ScrubPayload;
    if (!(await waitForTurn(deps, task, asked))) return;
    const due = await readModel.countDue(since);
    task.log(`${due.blobs} blobs of ${mib(due.bytes)} are to be read.`);
    const tally = emptyTally();
    const begun = clock();
    let shown = 0;
    const show = () => {
      // What looks damaged is read twice.
      const read = Math.min(tally.bytes, due.bytes);
      task.report(`${tally.blobs} of ${due.blobs} blobs, ${mib(read)} of ${mib(due.bytes)}`);
      task.note({ ...shownTally(tally), blobs_due: due.blobs, bytes_due: due.bytes });
    };
    await runPass(pass, {
      asker: scrubber,
      since,
      sweep: true,
      pace: createPace(rate),
      signal: task.signal,
      tally,
      onProgress() {
        if (performance.now() - shown < noteMs) return;
        shown = performance.now();
        show();
      },
    });
    show();
    const at = clock();
    const detail = { ...shownTally(tally), since, begun_at: begun };
    await transact((tx) => marks.write(tx, passMark, { at, detail }));
    task.log(
      `${tally.damaged} damaged, ${tally.repaired} mended, ${tally.orphans} without a name put into the trash, ` +
        `${tally.unknown} without an answer.`,
    );
  }

  return {
    type: scrubType,
    concurrency: 1,
    maxRuns: 1000,
    backoffMs: (run) => Math.min(600_000, 5000 * 2 ** run),
    run,
  };
}

const mib = (bytes: number) => `${(bytes / mebibyte).toFixed(1)} MiB`;

export function shownTally(tally: PassTally) {
  const { orphanBytes, ...rest } = tally;
  return { ...rest, orphan_bytes: orphanBytes };
}
