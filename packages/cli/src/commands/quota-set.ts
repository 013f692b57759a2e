import { manageVerb } from '#src/management/manage-verb';
import { updateQuota } from '@entrepot/contract/harbor/quota';
import { findQuota } from '#src/management/find-one';
import { readSize } from '#src/management/read-size';

export const quotaSetVerb = manageVerb({
  name: 'quota set',
  description: 'Limit how much a project may hold. What it holds already stays.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    SIZE: { kind: 'one', describes: 'As 10GiB, 500MiB or unlimited.' },
  },
  options: {},
  examples: [
    { does: 'Allow ten gibibytes', command: 'entrepot quota set team 10GiB' },
    { does: 'Take the limit away', command: 'entrepot quota set team unlimited' },
  ],
  async work(client, { arguments: { PROJECT, SIZE } }) {
    const storage = readSize(SIZE);
    const quota = await findQuota(client, PROJECT);
    await client.call(updateQuota, { params: { id: quota.id ?? 0 }, body: { hard: { storage } } });
    return { data: { project: PROJECT, storage }, said: `${PROJECT} may hold ${SIZE} now\n` };
  },
});
