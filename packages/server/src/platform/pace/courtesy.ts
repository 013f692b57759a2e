import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Long work on the thread that serves, in pieces between which requests come first. */
export interface Courtesy {
  /** How many the next piece may have at most. */
  size(most: number): number;
  /** Does a piece of so many, notes how long it kept the thread, and answers what it answered. */
  timed<T>(count: number, piece: () => Promise<T>): Promise<T>;
  /** Lets the others go first: briefly when there are none, for several times as long as the piece took when there are. */
  rest(): Promise<void>;
}

/** How long a piece may keep the thread: short enough for a request that waits for it to notice nothing. */
const pieceMs = { busy: 2, idle: 15 } as const;
/** How much longer than the piece the rest is. */
const restShare = { busy: 12, idle: 0.5 } as const;
const longestRestMs = 200;
/** Of the first piece nothing is known. */
const firstSize = 10;
/** The thread is busy with others when it works for more than this share of a rest. */
const busyFrom = 0.25;

export interface CourtesyOptions {
  readonly now?: () => number;
  /** Waits for so long; answers for what share of it this thread worked. */
  readonly nap?: (ms: number) => Promise<number>;
}

async function napHere(ms: number): Promise<number> {
  const before = performance.eventLoopUtilization();
  await sleep(ms);
  return performance.eventLoopUtilization(before).utilization;
}

export function createCourtesy({ now = () => performance.now(), nap = napHere }: CourtesyOptions = {}): Courtesy {
  let busy = true;
  let msEach: number | undefined;
  let spent = 0;
  const napFor = (share: number) => nap(Math.min(longestRestMs, Math.max(1, spent * share)));
  return {
    size(most) {
      if (msEach === undefined) return Math.min(most, firstSize);
      return Math.max(1, Math.min(most, Math.floor(pieceMs[busy ? 'busy' : 'idle'] / Math.max(msEach, 0.001))));
    },
    async timed(count, piece) {
      const began = now();
      const answer = await piece();
      const ms = now() - began;
      spent += ms;
      const each = ms / Math.max(1, count);
      msEach = msEach === undefined ? each : msEach * 0.7 + each * 0.3;
      return answer;
    },
    async rest() {
      busy = (await napFor(restShare.idle)) > busyFrom;
      if (busy) await napFor(restShare.busy);
      spent = 0;
    },
  };
}
