import { getTagHistory, rollbackTag } from '@entrepot/contract/entrepot/undo';
import { type Digest, parseDigest } from '@entrepot/oci/digest';
import { OciNameError } from '@entrepot/oci/name-error';
import { parseRepositoryName, type RepositoryName } from '@entrepot/oci/repository-name';
import { parseTagName, type TagName } from '@entrepot/oci/tag';
import { type ErrorCode, RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, type RequestedProject, serve } from '#platform/http/management';
import type { RepositoryStore } from '#registry/repositories';
import type { Rollback, RollbackTarget, TagChangeShown, TagHistory } from '#registry/undo';
import type { Access } from '#tenancy/access';

export interface TagHistoryRoutesDeps {
  readonly history: Pick<TagHistory, 'list'>;
  readonly rollback: Rollback;
  readonly repositories: Pick<RepositoryStore, 'find'>;
  readonly access: Pick<Access, 'accountOfMay'>;
}

/** What became of a tag, and its way back. */
export function tagHistoryRoutes({ history, rollback, repositories, access }: TagHistoryRoutesDeps): ManagedRoute[] {
  return [
    serve(getTagHistory, async ({ asker, project, params, query, url }) => {
      const { repository, tag } = readPlace(project, params);
      const found = await repositories.find(project.id, repository);
      if (found === undefined) throw new RegistryError('repository-not-found', `repository ${repository} not found`);
      const list = readListQuery(query);
      const { entries, total } = await history.list(found.id, tag, list);
      if (total === 0) throw new RegistryError('object-not-found', `There is no history of ${repository}:${tag}.`);
      const seesWho = await access.accountOfMay(asker.actor, 'tag:create', project, repository);
      return listReply(
        entries.map((change) => show(change, seesWho)),
        total,
        list,
        url,
      );
    }),
    serve(rollbackTag, async ({ asker, project, params, headers, body }) => {
      const { repository, tag } = readPlace(project, params);
      const options = { target: readTarget(body ?? {}), onlyIf: readIfMatch(headers['if-match']) };
      const { from, to, restored, left } = await rollback.rollBack(asker, project, repository, tag, options);
      return { status: 200, body: { from: from ?? null, to, restored, left } };
    }),
  ];
}

function show({ at, by, from, to, whereabouts }: TagChangeShown, seesWho: boolean) {
  return {
    at: new Date(at).toISOString(),
    actor: seesWho ? by : null,
    from: from ?? null,
    to: to ?? null,
    restorable: whereabouts === 'here' || whereabouts === 'bin',
  };
}

function readPlace(
  project: RequestedProject,
  params: { readonly repository_name: string; readonly tag_name: string },
): { readonly repository: RepositoryName; readonly tag: TagName } {
  return {
    repository: told('name-invalid', () => parseRepositoryName(`${project.name}/${params.repository_name}`)),
    tag: told('tag-invalid', () => parseTagName(params.tag_name)),
  };
}

function readTarget(body: {
  readonly to?: string | null | undefined;
  readonly before?: string | null | undefined;
}): RollbackTarget {
  const { to, before } = body;
  if (to != null && before != null) {
    throw new RegistryError('body-invalid', 'body: to and before exclude each other; give one of them, or neither.');
  }
  if (to != null) return { kind: 'digest', digest: told('body-invalid', () => parseDigest(to)) };
  return before == null ? { kind: 'previous' } : { kind: 'before', time: Date.parse(before) };
}

/** `If-Match: "<digest>"`, as a push takes it. */
function readIfMatch(header: string | undefined): Digest | undefined {
  if (header === undefined) return undefined;
  const quoted = /^"([^"]*)"$/.exec(header)?.[1];
  if (quoted === undefined) throw new RegistryError('query-invalid', 'If-Match takes one digest in double quotes.');
  return told('query-invalid', () => parseDigest(quoted));
}

function told<T>(code: ErrorCode, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof OciNameError) throw new RegistryError(code, error.message, { cause: error });
    throw error;
  }
}
