import { createHash } from 'node:crypto';
import { type Digest, toDigest } from '@entrepot/oci/digest';
import { parseRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import { parseTagName, type TagName } from '@entrepot/oci/tag';
import { type Db, within } from '#platform/db';

/** A digest that the text stands for: the same text, the same digest. */
export function aDigest(text: string): Digest {
  return toDigest('sha256', createHash('sha256').update(text).digest('hex'));
}

export const repositoryName = (text: string): RepositoryName => parseRepositoryName(text);
export const tagName = (text: string): TagName => parseTagName(text);

/** Rows that other stores' tests stand on, written past their own stores. */
export async function addProjectRow(db: Db, name: string, isPublic = false): Promise<number> {
  const values = { name, public: isPublic ? 1 : 0, owner_id: null, created_at: 1, updated_at: 1 };
  const row = await db.transact((tx) =>
    within(tx).insertInto('project').values(values).returning('id').executeTakeFirstOrThrow(),
  );
  return row.id;
}

export async function addUserRow(db: Db, name: string): Promise<number> {
  const values = { name, email: null, password: 'none', admin: 0, disabled: 0, created_at: 1, updated_at: 1 };
  const row = await db.transact((tx) =>
    within(tx).insertInto('user_account').values(values).returning('id').executeTakeFirstOrThrow(),
  );
  return row.id;
}

export async function addRepositoryRow(db: Db, projectId: number, name: string): Promise<number> {
  const values = { project_id: projectId, name, created_at: 1 };
  const row = await db.transact((tx) =>
    within(tx).insertInto('repository').values(values).returning('id').executeTakeFirstOrThrow(),
  );
  return row.id;
}
