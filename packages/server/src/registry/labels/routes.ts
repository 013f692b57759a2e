import { createLabel, deleteLabel, getLabelById, listLabels, updateLabel } from '@entrepot/contract/harbor/label';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { Labels } from './service.ts';
import type { Label } from './types.ts';

/** As Harbor writes a label. */
export function renderLabel(label: Label) {
  return {
    id: label.id,
    name: label.name,
    description: label.description,
    color: label.color,
    scope: label.projectId === undefined ? ('g' as const) : ('p' as const),
    project_id: label.projectId ?? 0,
    creation_time: new Date(label.createdAt).toISOString(),
    update_time: new Date(label.updatedAt).toISOString(),
  };
}

/** A label of a project names it, one of the registry names none. */
function placeOf(
  scope: 'g' | 'p' | undefined,
  projectId: number | null | undefined,
  where: string,
): number | undefined {
  const named = projectId ?? 0;
  if (scope === 'g' || (scope === undefined && named === 0)) return undefined;
  if (named > 0) return named;
  throw new RegistryError('body-invalid', `${where}.project_id: a label of the scope p names its project.`);
}

export function labelRoutes({ labels }: { readonly labels: Labels }): ManagedRoute[] {
  return [
    serve(listLabels, async ({ asker, query, url }) => {
      const list = readListQuery(query);
      const named = query.name === undefined ? [] : [{ kind: 'is', field: 'name', value: query.name } as const];
      const conditions = [...list.conditions, ...named];
      const projectId = placeOf(query.scope, query.project_id, 'query');
      const { entries, total } = await labels.list(asker, projectId, { ...list, conditions });
      return listReply(entries.map(renderLabel), total, list, url);
    }),
    serve(createLabel, async ({ asker, body }) => {
      const projectId = placeOf(body.scope, body.project_id, 'body');
      const { name, description, color } = body;
      const id = await labels.create(asker, projectId, { name, description: description ?? '', color: color ?? '' });
      return { status: 201, headers: { Location: `/api/v2.0/labels/${id}` } };
    }),
    serve(getLabelById, async ({ asker, params }) => ({
      status: 200,
      body: renderLabel(await labels.get(asker, params.label_id)),
    })),
    serve(updateLabel, async ({ asker, params, body }) => {
      const { name, description, color } = body;
      await labels.update(asker, params.label_id, {
        // Clients that leave the name out send it empty.
        ...(name ? { name } : {}),
        ...(description === undefined ? {} : { description: description ?? '' }),
        ...(color === undefined ? {} : { color: color ?? '' }),
      });
      return { status: 200 };
    }),
    serve(deleteLabel, async ({ asker, params }) => {
      await labels.delete(asker, params.label_id);
      return { status: 200 };
    }),
  ];
}
