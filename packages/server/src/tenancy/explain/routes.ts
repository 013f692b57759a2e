import { explainPermission, explainPermissionInProject } from '@entrepot/contract/entrepot/explain';
import { type ManagedRoute, serve } from '#platform/http/management';
import { type Decision, type Project, projectNotFound } from '#tenancy/access';
import type { Explanations } from './service.ts';

export interface ExplainRoutesDeps {
  readonly explanations: Explanations;
  readonly findProject: (nameOrId: string) => Promise<Project | undefined>;
}

const show = ({ allowed, rule, considered }: Decision) => ({
  allowed,
  rule: rule ?? null,
  considered: considered.map(({ source, allows }) => ({ rule: source, allows })),
});

export function explainRoutes({ explanations, findProject }: ExplainRoutesDeps): ManagedRoute[] {
  return [
    serve(explainPermission, async ({ query }) => {
      const project = query.project === undefined ? undefined : await findProject(query.project);
      if (query.project !== undefined && project === undefined) throw projectNotFound(query.project);
      return { status: 200, body: show(await explanations.explain(query, project, false)) };
    }),
    serve(explainPermissionInProject, async ({ project, query }) => ({
      status: 200,
      body: show(await explanations.explain(query, project, true)),
    })),
  ];
}
