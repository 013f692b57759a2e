import {
  deleteProjectTiering,
  getProjectTiering,
  getStorage,
  putProjectTiering,
  startTiering,
} from '@entrepot/contract/entrepot/storage';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Tiering } from './service.ts';
import type { ProjectTiering } from './types.ts';

const iso = (ms: number) => new Date(ms).toISOString();

export function tieringRoutes({ tiering }: { readonly tiering: Tiering }): ManagedRoute[] {
  return [
    serve(getStorage, async () => {
      const { description, tiers, policy, running, last } = await tiering.report();
      const figure = (name: string) => last?.detail[name] ?? 0;
      return {
        status: 200,
        body: {
          description,
          tiers: tiers.map((tier) => ({ ...tier })),
          ...(policy !== undefined && {
            policy: {
              enabled: policy.enabled,
              after_seconds: policy.afterMs / 1000,
              min_size: policy.minSize,
              promote: policy.promote,
              keep_hot_seconds: policy.keepHotMs / 1000,
            },
          }),
          ...(running !== undefined && {
            running: { execution_id: running.id, status: running.status, start_time: iso(running.createdAt) },
          }),
          ...(last !== undefined && {
            last: {
              end_time: iso(last.at),
              looked: figure('looked'),
              moved: figure('moved'),
              moved_bytes: figure('moved_bytes'),
              damaged: figure('damaged'),
            },
          }),
        },
      };
    }),
    serve(startTiering, async ({ asker }) => ({ status: 202, body: { execution_id: await tiering.start(asker) } })),
    serve(getProjectTiering, async ({ project }) => ({ status: 200, body: show(await tiering.readRule(project)) })),
    serve(putProjectTiering, async ({ asker, project, body }) => {
      await tiering.setRule(asker, project, {
        enabled: body.enabled,
        afterMs: body.after_seconds === undefined ? undefined : body.after_seconds * 1000,
        minSize: body.min_size,
      });
      return { status: 200 };
    }),
    serve(deleteProjectTiering, async ({ asker, project }) => {
      await tiering.clearRule(asker, project);
      return { status: 200 };
    }),
  ];
}

function show(rule: ProjectTiering | undefined) {
  if (rule === undefined) return { inherited: true };
  return {
    inherited: false,
    enabled: rule.enabled,
    ...(rule.afterMs !== undefined && { after_seconds: rule.afterMs / 1000 }),
    ...(rule.minSize !== undefined && { min_size: rule.minSize }),
  };
}
