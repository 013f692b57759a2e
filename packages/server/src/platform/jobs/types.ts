/** Harbor's words. `Scheduled` waits for a time, `Pending` for a worker. */
export type JobStatus = 'Pending' | 'Scheduled' | 'Running' | 'Success' | 'Error' | 'Stopped';

export type JobTrigger = 'MANUAL' | 'SCHEDULE' | 'EVENT';

/** Particulars that travel as JSON. */
export type Attributes = Readonly<Record<string, unknown>>;

export interface NewTask {
  /** The queue it waits in, which names its handler; the execution's vendor type if absent. */
  readonly type?: string;
  /** JSON for the handler alone. No secrets: name where they are kept. */
  readonly payload: unknown;
  /** For everybody who may see the task. */
  readonly extraAttrs?: Attributes;
  /** Higher goes first; 0 if absent. */
  readonly priority?: number;
  /** Not before so many milliseconds from now. */
  readonly delayMs?: number;
  /** How often it is begun at most, lost workers included; the handler's figure if absent. */
  readonly maxRuns?: number;
}

/** One run of something, with its pieces of work. */
export interface NewExecution {
  /** Whose it is, as `WEBHOOK` and the policy's id. */
  readonly vendorType: string;
  readonly vendorId: number;
  /** Where it belongs to a project: it goes with the project. */
  readonly projectId?: number;
  readonly trigger: JobTrigger;
  readonly extraAttrs?: Attributes;
  readonly tasks: readonly NewTask[];
}

export interface TaskCounts {
  readonly all: number;
  readonly byStatus: Readonly<Partial<Record<JobStatus, number>>>;
}

export interface Execution {
  readonly id: number;
  readonly vendorType: string;
  readonly vendorId: number;
  readonly projectId: number | undefined;
  readonly trigger: string;
  readonly status: JobStatus;
  readonly statusMessage: string;
  readonly extraAttrs: Attributes;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly endedAt: number | undefined;
}

export interface Task {
  readonly id: number;
  readonly executionId: number;
  readonly type: string;
  readonly status: JobStatus;
  readonly statusMessage: string;
  readonly progress: string;
  readonly runCount: number;
  readonly extraAttrs: Attributes;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
}

/** A task that this worker holds the lease of. */
export interface LeasedTask extends Task {
  readonly leaseId: string;
  readonly payload: unknown;
  readonly maxRuns: number;
  readonly vendorType: string;
  readonly vendorId: number;
  readonly projectId: number | undefined;
}

/** What a handler sees of the task it works on. */
export interface RunningTask extends LeasedTask {
  /**
   * Ends when somebody stops the task, when the process shuts down, or when the lease was lost: someone else may be at
   * work already, so a handler stops as soon as it can and leaves everything so that another run can go on.
   */
  readonly signal: AbortSignal;
  /** Adds a line to the task's log. No secrets. What goes beyond the bound is dropped, and the log says so. */
  log(line: string): void;
  /** How far it is, for people: `12 of 40`. */
  report(progress: string): void;
  /** Merges into what everybody sees of the task. */
  note(attributes: Attributes): void;
}

/** What works on tasks of one type. */
export interface JobHandler {
  readonly type: string;
  /** At once in this process. */
  readonly concurrency: number;
  /** At once in all processes together; no bound if absent. */
  readonly most?: number;
  /** How often a task is begun at most, lost workers included. */
  readonly maxRuns: number;
  /** How long to wait before run `run + 1`, in milliseconds; a quarter more or less is added. */
  readonly backoffMs: (run: number) => number;
  /** Ended executions are kept so long, in milliseconds; 30 days if absent. */
  readonly keepMs?: number;
  /** Resolves when the work is done. What it throws is tried again; a `JobFailed` is not. Idempotent: it may run twice. */
  run(task: RunningTask): Promise<void>;
}

/** Thrown by a handler where trying again cannot help. The message is shown to everybody who sees the task. */
export class JobFailed extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'JobFailed';
  }
}

export interface Schedule {
  readonly id: number;
  readonly vendorType: string;
  readonly vendorId: number;
  readonly projectId: number | undefined;
  readonly cronType: string;
  readonly cron: string;
  readonly timeZone: string;
  readonly payload: unknown;
  readonly extraAttrs: Attributes;
  readonly nextAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewSchedule {
  readonly vendorType: string;
  readonly vendorId: number;
  readonly projectId?: number;
  readonly cronType: string;
  /** Six fields, as `parseCron` reads them. */
  readonly cron: string;
  /** As it was if absent, and UTC at first. */
  readonly timeZone?: string;
  /** Of the one task of each execution that it starts. */
  readonly payload: unknown;
  readonly extraAttrs?: Attributes;
}
