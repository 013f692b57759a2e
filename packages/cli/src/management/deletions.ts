import { listDeletions, restoreDeletion } from '@entrepot/contract/entrepot/undo';
import { MissingError, UsageError } from '#src/failures/failures';
import { formatTable } from '#src/output/table';
import type { CallAnswer, ManagementClient } from './client.ts';
import { splitRepository } from './find-one.ts';
import { listAll } from './list-all.ts';
import type { Done } from './manage-verb.ts';

export const deletionHeadings = ['ID', 'KIND', 'WHAT', 'ARTIFACTS', 'TAGS', 'BY', 'DELETED', 'UNTIL'] as const;

type Deletion = CallAnswer<typeof listDeletions>['body'][number];

/** `team/app:v1`, `team/app@sha256:…`, or the name of a repository or project. Never fails. */
export function nameOfDeletion(deletion: Pick<Deletion, 'project_name' | 'repository' | 'tag' | 'digest'>): string {
  const { project_name: project, repository, tag, digest } = deletion;
  if (repository === null) return project;
  if (tag !== null) return `${repository}:${tag}`;
  return digest === null ? repository : `${repository}@${digest}`;
}

/** A row of a list of deletions. Never fails. */
export function rowOfDeletion(deletion: Deletion): readonly (string | number)[] {
  return [
    deletion.id,
    deletion.kind,
    nameOfDeletion(deletion),
    deletion.artifact_count,
    deletion.tag_count,
    deletion.actor,
    deletion.deleted_at,
    deletion.restorable_until,
  ];
}

/** The number of a deletion. Throws UsageError when it is none. */
export function readDeletionId(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`${text} is no number of a deletion`, 'see them: entrepot undo ls [PROJECT]');
}

/** The latest deletion of a project that can be undone. Rejects with MissingError when there is none. */
export async function findLastDeletion(client: ManagementClient, project: string): Promise<Deletion> {
  for await (const deletion of listAll(client, listDeletions, { params: { project_name: project } }, 1)) {
    return deletion;
  }
  throw new MissingError(`nothing of ${project} that was deleted can be had back`);
}

/** Undoes a deletion and says what came of it. Rejects as `call` does. */
export async function undoDeletion(client: ManagementClient, project: string, id: number): Promise<Done> {
  const { body } = await client.call(restoreDeletion, { params: { project_name: project, deletion_id: id } });
  const there = body.already_there === 0 ? '' : `, ${body.already_there} were there already`;
  const left = body.left.map(({ tag, digest, reason }) => [tag ?? digest, reason]);
  const table = left.length === 0 ? '' : `Not restored:\n${formatTable(['WHAT', 'WHY'], left)}`;
  return {
    data: { deletion: id, ...body },
    said: `Restored ${body.artifacts} artifact(s) and ${body.tags} tag(s)${there}\n${table}`,
  };
}

/** `team/app:v1` as the management API names a tag. Throws UsageError or MissingError when it is none. */
export function splitTag(reference: string): { project_name: string; repository_name: string; tag_name: string } {
  const mark = reference.lastIndexOf(':');
  if (mark < 1 || reference.includes('@') || mark < reference.lastIndexOf('/')) {
    throw new UsageError(`${reference} names no tag`, 'write PROJECT/REPOSITORY:TAG');
  }
  return { ...splitRepository(reference.slice(0, mark)), tag_name: reference.slice(mark + 1) };
}
