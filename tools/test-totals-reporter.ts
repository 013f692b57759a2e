// A reporter for node's test runner that writes down what ran, for tools/run-tests.ts to judge.
import type { TestEvent } from 'node:test/reporters';

export interface TestTotals {
  /** How many tests ran to a verdict; skipped ones did not. */
  readonly ran: number;
  /** Absolute paths of the files that declared at least one test. */
  readonly files: readonly string[];
}

async function* reportTotals(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let ran = 0;
  const files = new Set<string>();
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file, skip, details } = event.data;
    // A file without tests reports itself as one test, named by its path.
    if (file === undefined || details.type === 'suite' || file.endsWith(name)) continue;
    files.add(file);
    if (skip === undefined) ran += 1;
  }
  yield JSON.stringify({ ran, files: [...files] } satisfies TestTotals);
}

// oxlint-disable-next-line import/no-default-export -- node's runner takes a reporter from the default export
export default reportTotals;
