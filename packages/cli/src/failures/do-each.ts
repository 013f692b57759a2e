import type { CliContext } from '#src/context';
import { PartialFailure } from './failures.ts';
import { type FailureForm, tellFailure } from './tell-failure.ts';

/** What came of doing several things. */
export interface EachDone<T> {
  readonly done: readonly T[];
  /** To be thrown when everything else is told. */
  readonly failure: PartialFailure | undefined;
}

/**
 * Does things one after the other; a failure is told when it happens, and the others are still tried. Rejects with the
 * failure when there is only one thing to do, and with the signal's reason when interrupted.
 */
export async function doEach<Item, Done>(
  items: readonly Item[],
  work: (item: Item) => Promise<Done>,
  form: FailureForm,
  context: CliContext,
): Promise<EachDone<Done>> {
  const done: Done[] = [];
  const failures: unknown[] = [];
  for (const item of items) {
    try {
      done.push(await work(item));
    } catch (error) {
      context.signal.throwIfAborted();
      if (items.length === 1) {
        throw error;
      }
      failures.push(error);
      tellFailure(context, error, form);
    }
  }
  if (failures.length === 0) {
    return { done, failure: undefined };
  }
  const message = `${failures.length} of ${items.length} failed`;
  return { done, failure: new PartialFailure(message, failures, done.length) };
}
