import { getStorage } from '@entrepot/contract/entrepot/storage';
import { manageVerb } from '#src/management/manage-verb';
import { formatBytes } from '#src/output/byte-size';
import { formatFields, formatTable } from '#src/output/table';

export const storageShowVerb = manageVerb({
  name: 'storage show',
  description: 'Show where a registry keeps its content, how much lies in which tier, and what moves between them.',
  arguments: {},
  options: {},
  examples: [{ does: 'See what lies where', command: 'entrepot storage show' }],
  async work(client) {
    const { body: storage } = await client.call(getStorage, {});
    const { policy, running, last } = storage;
    const tiers = storage.tiers.map(({ tier, description, blobs, bytes }) => [
      tier,
      description,
      String(blobs),
      formatBytes(bytes),
    ]);
    const days = (seconds: number) => `${Number((seconds / 86_400).toFixed(2))} days`;
    const fields = formatFields([
      ['Goes to the cold tier', policy && `${days(policy.after_seconds)} after its last use`],
      ['Smaller ones stay', policy && formatBytes(policy.min_size)],
      ['Comes back when it is read', policy && (policy.promote ? 'yes' : 'no')],
      ['Under way', running && `${running.execution_id} since ${running.start_time}`],
      ['Last run', last && `${last.end_time}: ${last.moved} blobs moved, ${formatBytes(last.moved_bytes)}`],
    ]);
    return { data: storage, said: `${formatTable(['TIER', 'WHERE', 'BLOBS', 'SIZE'], tiers)}\n${fields}` };
  },
});
