import { createLabel, deleteLabel, listLabels, updateLabel } from '@entrepot/contract/harbor/label';
import { findProject } from '#src/management/find-one';
import { listAll } from '#src/management/list-all';
import { brief, type Kind } from '#src/state/kind';
import { name, needed, optional, type ReadBy, record, text } from '#src/state/read-value';

const read = record({
  name: needed(name),
  color: optional(text({ pattern: /^#[0-9a-fA-F]{6}$/, what: 'a colour such as "#0088cc"' })),
  description: optional(text()),
});

type Label = ReadBy<typeof read>;

async function placeOf(client: Parameters<Kind<Label>['list']>[0], project: string | undefined) {
  return project === undefined
    ? { scope: 'g' as const }
    : { scope: 'p' as const, project_id: (await findProject(client, project)).project_id };
}

export const labels: Kind<Label> = {
  noun: 'label',
  read,
  write: brief,
  keyOf: (label) => label.name,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listLabels, { query: await placeOf(client, project) }));
    return found.map(({ id = 0, name: called = '', color, description }) => ({
      id,
      entry: { name: called, color, description: description ?? '' },
    }));
  },
  async create({ client }, label, project) {
    const place = await placeOf(client, project);
    await client.call(createLabel, { body: { ...label, color: label.color ?? '#0088cc', ...place } });
  },
  async change({ client }, label, { id }) {
    await client.call(updateLabel, { params: { label_id: id }, body: label });
  },
  async remove({ client }, { id }) {
    await client.call(deleteLabel, { params: { label_id: id } });
  },
};
