import { getScrub, startScrub } from '@entrepot/contract/entrepot/storage';
import { setTimeout as sleep } from 'node:timers/promises';
import { manageVerb } from '#src/management/manage-verb';
import { describeScrub } from '#src/storage/describe-scrub';

export const storageScrubVerb = manageVerb({
  name: 'storage scrub',
  description:
    'Have the registry read everything it stores again, hold it against its digests, take damaged content out of use ' +
    'and mend what has a good copy. It goes on in the background; --wait waits for its end.',
  arguments: {},
  options: { wait: { kind: 'flag', flags: '--wait', describes: 'Wait for the end.' } },
  examples: [
    { does: 'Begin', command: 'entrepot storage scrub' },
    { does: 'Wait for what it finds', command: 'entrepot storage scrub --wait' },
  ],
  async work(client, { options: { wait } }, { signal }) {
    const { body: started } = await client.call(startScrub, {});
    for (let pause = 200; wait === true; pause = Math.min(5000, pause * 1.5)) {
      const { body } = await client.call(getScrub, {});
      if (body.running?.execution_id !== started.execution_id) break;
      await sleep(pause, undefined, { signal });
    }
    const { body: report } = await client.call(getScrub, {});
    return { data: { ...started, ...report }, said: describeScrub(report) };
  },
});
