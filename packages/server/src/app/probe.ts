/** What a part of the registry said of itself. */
export interface Component {
  readonly name: string;
  /** Why it does not work; undefined when it does. */
  readonly error: string | undefined;
}

/** Asks a part how it is; it never rejects. */
export type Probe = () => Promise<Component>;

/** A probe that takes longer has failed; load balancers ask every few seconds and wait little longer. */
const longestMs = 2000;

/** One answer serves everybody who asks within this time. */
const keptMs = 1000;

/** A look that never ends keeps the next one away for so long, so that looks do not pile up at what is stuck. */
const stuckMs = 10_000;

/**
 * Asks a part whether it works: one look at a time, however many ask, and an answer after two seconds at most. `look`
 * rejects with the reason, and should end early when its signal is aborted.
 */
export function createProbe(name: string, look: (signal: AbortSignal) => Promise<void>): Probe {
  let answer: { readonly component: Promise<Component>; keptUntil: number } | undefined;
  let running: { readonly outcome: Promise<void>; readonly since: number; ended: boolean } | undefined;

  function run(signal: AbortSignal): Promise<void> {
    if (running !== undefined && !running.ended && performance.now() - running.since < stuckMs) return running.outcome;
    const started = { outcome: look(signal), since: performance.now(), ended: false };
    running = started;
    const end = () => {
      started.ended = true;
    };
    started.outcome.then(end, end);
    return started.outcome;
  }

  async function ask(): Promise<Component> {
    const limit = new AbortController();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`no answer within ${longestMs / 1000} seconds`));
      limit.abort();
    }, longestMs);
    try {
      await Promise.race([run(limit.signal), late.promise]);
      return { name, error: undefined };
    } catch (error) {
      return { name, error: error instanceof Error ? error.message : String(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  return () => {
    if (answer !== undefined && performance.now() < answer.keptUntil) return answer.component;
    const asked = { component: ask(), keptUntil: Number.POSITIVE_INFINITY };
    answer = asked;
    void asked.component.then(() => {
      asked.keptUntil = performance.now() + keptMs;
    });
    return asked.component;
  };
}
