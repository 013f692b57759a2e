import { getStorage, startTiering } from '@entrepot/contract/entrepot/storage';
import { setTimeout as sleep } from 'node:timers/promises';
import { manageVerb } from '#src/management/manage-verb';
import { formatBytes } from '#src/output/byte-size';

export const storageTierVerb = manageVerb({
  name: 'storage tier',
  description:
    'Move what nobody used for long to the cold tier, now, and wait for the end. It goes on without the client.',
  arguments: {},
  options: {},
  examples: [{ does: 'Make room in the hot tier', command: 'entrepot storage tier' }],
  async work(client, _call, { signal }) {
    const { body: started } = await client.call(startTiering, {});
    for (let pause = 200; ; pause = Math.min(5000, pause * 1.5)) {
      const { body: storage } = await client.call(getStorage, {});
      if (storage.running?.execution_id !== started.execution_id) {
        const { last } = storage;
        const said = `${last?.moved ?? 0} blobs of ${formatBytes(last?.moved_bytes ?? 0)} were moved.\n`;
        return { data: { ...started, ...last }, said };
      }
      await sleep(pause, undefined, { signal });
    }
  },
});
