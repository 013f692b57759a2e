import { setTimeout as delay } from 'node:timers/promises';

/** Time and chance, so that tests need not wait. */
export interface RetryClock {
  now(): number;
  random(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real clock. */
export const realRetryClock: RetryClock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: async (ms, signal) => {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch((cause: unknown) => {
      throw signal?.aborted ? signal.reason : cause;
    });
  },
};

const firstStepMs = 500;
const longestStepMs = 30_000;

/**
 * How long to wait before attempt `attempt + 1`: a step that doubles from half a second to half a minute, of which a
 * random part is taken so that many clients do not come back together. Never fails.
 */
export function retryDelayMs(attempt: number, random: number): number {
  const step = Math.min(firstStepMs * 2 ** (attempt - 1), longestStepMs);
  return Math.round(step * (0.5 + random / 2));
}

/**
 * Reads `Retry-After`, seconds or a date, as milliseconds from `now`; undefined when absent or unreadable. Never throws.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) {
    return undefined;
  }
  const text = header.trim();
  if (/^[0-9]{1,9}$/.test(text)) {
    return Number(text) * 1000;
  }
  const date = /^[A-Z][a-z]{2}, /.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}

/** True for answers that another attempt may better: too many requests, a timeout, a server in trouble. Never fails. */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || status === 500 || (status >= 502 && status <= 504);
}
