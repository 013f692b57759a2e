import { getDeletion } from '@entrepot/contract/entrepot/undo';
import { nameOfDeletion, readDeletionId } from '#src/management/deletions';
import { manageVerb } from '#src/management/manage-verb';
import { formatFields, formatTable } from '#src/output/table';

export const undoShowVerb = manageVerb({
  name: 'undo show',
  description: 'Show what went at one stroke.',
  arguments: {
    PROJECT: { kind: 'one', describes: 'The name of the project.' },
    ID: { kind: 'one', describes: 'The number of the deletion, from undo ls.' },
  },
  options: {},
  examples: [{ does: 'See what a deletion took', command: 'entrepot undo show team 17' }],
  async work(client, { arguments: { PROJECT, ID } }) {
    const params = { project_name: PROJECT, deletion_id: readDeletionId(ID) };
    const { body } = await client.call(getDeletion, { params });
    const fields = formatFields([
      ['Deleted', nameOfDeletion(body)],
      ['By', body.actor],
      ['At', body.deleted_at],
      ['Until', body.restorable_until],
      ['Artifacts', String(body.artifact_count)],
      ['Tags', String(body.tag_count)],
    ]);
    const artifacts = body.artifacts.map(({ digest, type, tags }) => [digest, type, tags.join(' ')]);
    const alone = body.tags.filter(({ digest }) => !body.artifacts.some((one) => one.digest === digest));
    const tags = alone.map(({ name, digest }) => [digest, 'tag alone', name]);
    return { data: body, said: `${fields}${formatTable(['DIGEST', 'TYPE', 'TAGS'], [...artifacts, ...tags])}` };
  },
});
