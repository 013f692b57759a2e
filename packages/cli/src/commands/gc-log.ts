import { UsageError } from '#src/failures/failures';
import { readLog } from '#src/management/gc-runs';
import { manageVerb } from '#src/management/manage-verb';

export const gcLogVerb = manageVerb({
  name: 'gc log',
  description: 'Show what a collection did, line by line.',
  arguments: { RUN: { kind: 'one', describes: 'The run, by the number that gc ls shows.' } },
  options: {},
  examples: [{ does: 'Read the log of run 12', command: 'entrepot gc log 12' }],
  async work(client, { arguments: { RUN } }) {
    if (!/^[1-9]\d{0,14}$/.test(RUN)) throw new UsageError(`${JSON.stringify(RUN)} is no run`, 'see entrepot gc ls.');
    const log = await readLog(client, Number(RUN));
    return { data: { run: Number(RUN), log }, said: log };
  },
});
