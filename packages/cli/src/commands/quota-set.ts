import { updateQuota } from '@entrepot/contract/harbor/quota';
import { UsageError } from '#src/failures/failures';
import { findQuota } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { readCount, readSize } from '#src/management/read-size';

export const quotaSetVerb = manageVerb({
  name: 'quota set',
  description: 'Limit how much a project may hold. What it holds already stays.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    SIZE: { kind: 'optional', describes: 'As 10GiB, 500MiB or unlimited; left as it is when absent.' },
  },
  options: {
    artifacts: {
      kind: 'text',
      flags: '--artifacts <number>',
      describes: 'How many artifacts, or unlimited. The parts of an index and what is attached do not count.',
    },
  },
  examples: [
    { does: 'Allow ten gibibytes', command: 'entrepot quota set team 10GiB' },
    { does: 'Allow a hundred artifacts, and bytes as before', command: 'entrepot quota set team --artifacts 100' },
    { does: 'Take both limits away', command: 'entrepot quota set team unlimited --artifacts unlimited' },
  ],
  async work(client, { arguments: { PROJECT, SIZE }, options: { artifacts } }) {
    if (SIZE === undefined && artifacts === undefined) {
      throw new UsageError('nothing to set', 'give a size, --artifacts or both');
    }
    const hard = {
      ...(SIZE !== undefined && { storage: readSize(SIZE) }),
      ...(artifacts !== undefined && { count: readCount(artifacts) }),
    };
    const quota = await findQuota(client, PROJECT);
    await client.call(updateQuota, { params: { id: quota.id ?? 0 }, body: { hard } });
    const parts = [
      ...(SIZE === undefined ? [] : [SIZE]),
      ...(artifacts === undefined ? [] : [`${artifacts} artifacts`]),
    ];
    return { data: { project: PROJECT, ...hard }, said: `${PROJECT} may hold ${parts.join(' and ')} now\n` };
  },
});
