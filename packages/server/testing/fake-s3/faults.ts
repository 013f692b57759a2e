/** What goes wrong. `status` answers with an error; the rest break the connection or the time. */
export type FaultAction =
  | { readonly kind: 'status'; readonly status: number; readonly code: string }
  /** The error stands in the body of a 200, as S3 does when a Complete fails after the headers went out. */
  | { readonly kind: 'error-in-200'; readonly code: string }
  /** The connection is reset before anything is done. */
  | { readonly kind: 'reset' }
  /** Nothing is done and nothing is answered. */
  | { readonly kind: 'silence' }
  /** All is done, then the connection is reset instead of an answer. */
  | { readonly kind: 'lost-answer' }
  /** All is done, then there is no answer at all. */
  | { readonly kind: 'no-answer' }
  /** Waits before doing it. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** A body is cut after so many bytes. */
  | { readonly kind: 'cut'; readonly after: number }
  /** A body stops after so many bytes, with the connection left open. */
  | { readonly kind: 'stall'; readonly after: number };

/** A fault and when it strikes. */
export interface Fault {
  /** Operation names such as `PutObject`; all operations when absent. */
  readonly operations?: readonly string[];
  /** How often it strikes; for ever when absent. */
  readonly times?: number;
  /** Share of the requests it strikes, 1 when absent. */
  readonly share?: number;
  /** Requests that pass first. */
  readonly skip?: number;
  readonly action: FaultAction;
}

export interface FaultScript {
  add(fault: Fault): void;
  clear(): void;
  /** The fault for the next request of this operation, if one strikes. */
  next(operation: string): FaultAction | undefined;
}

/** A list of faults, the first that fits strikes. The shares come from a counter, the same in every run. */
export function createFaultScript(): FaultScript {
  let faults: { fault: Fault; left: number; skip: number }[] = [];
  let turn = 0;
  return {
    add(fault) {
      faults.push({ fault, left: fault.times ?? Number.POSITIVE_INFINITY, skip: fault.skip ?? 0 });
    },
    clear() {
      faults = [];
    },
    next(operation) {
      for (const entry of faults) {
        if (entry.left > 0 && (entry.fault.operations?.includes(operation) ?? true)) {
          if (entry.skip > 0) {
            entry.skip--;
            continue;
          }
          turn = (turn + 0.618_033_988_749) % 1;
          if (turn < (entry.fault.share ?? 1)) {
            entry.left--;
            return entry.fault.action;
          }
        }
      }
      return undefined;
    },
  };
}
