import { RegistryError } from '#kernel/errors';
import { JobFailed, type Attributes, type JobHandler, type LeasedTask, type RunningTask } from './types.ts';
import type { TaskLog } from './task-log.ts';
import type { Outcome } from './task-store.ts';

/** Why a run is cut short. */
export type CutReason = 'stopped' | 'lost' | 'shutdown';

/** A task under way in this process. */
export interface Run {
  readonly task: LeasedTask;
  readonly log: TaskLog;
  /** What it looks like to others, as it is now. */
  look(): { progress: string; extraAttrs: string };
  cut(reason: CutReason): void;
  /** Resolves when the handler is through; undefined where the lease is lost, and with it the say. Never rejects. */
  readonly outcome: Promise<Outcome | undefined>;
}

export interface RunDeps {
  readonly clock: () => number;
  readonly random: () => number;
  /** Told of failures that nobody foresaw, for the operator's log. */
  readonly onSurprise: (error: unknown, task: LeasedTask) => void;
}

export function startRun(task: LeasedTask, handler: JobHandler, log: TaskLog, deps: RunDeps): Run {
  const cut = new AbortController();
  let progress = task.progress;
  let attributes: Attributes = task.extraAttrs;
  const running: RunningTask = {
    ...task,
    signal: cut.signal,
    log: log.add,
    report: (text) => {
      progress = text.slice(0, 1024);
    },
    note: (more) => {
      attributes = { ...attributes, ...more };
    },
  };

  async function work(): Promise<Outcome | undefined> {
    try {
      await handler.run(running);
      return cut.signal.reason === 'lost' ? undefined : { kind: 'success' };
    } catch (error) {
      return judge(error);
    }
  }

  function judge(error: unknown): Outcome | undefined {
    if (cut.signal.aborted) {
      const reason = cut.signal.reason as CutReason;
      if (reason === 'lost') return undefined;
      return { kind: reason === 'stopped' ? 'stopped' : 'release' };
    }
    const known = error instanceof JobFailed || error instanceof RegistryError;
    const message = known ? (error as Error).message.slice(0, 1024) : 'It failed through a fault of ours.';
    if (!known) deps.onSurprise(error, task);
    log.add(`Failed: ${message}`);
    if (error instanceof JobFailed || task.runCount >= (task.maxRuns || handler.maxRuns))
      return { kind: 'error', message };
    const wait = handler.backoffMs(task.runCount) * (0.75 + deps.random() / 2);
    log.add(`It will be tried again in ${Math.round(wait / 1000)} s.`);
    return { kind: 'retry', at: deps.clock() + Math.round(wait), message };
  }

  return {
    task,
    log,
    look: () => ({ progress, extraAttrs: JSON.stringify(attributes) }),
    cut: (reason) => cut.abort(reason),
    outcome: work(),
  };
}
