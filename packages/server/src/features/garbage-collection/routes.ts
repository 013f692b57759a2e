import {
  createGcSchedule,
  getGc,
  getGcHistory,
  getGcLog,
  getGcSchedule,
  stopGc,
  updateGcSchedule,
} from '@entrepot/contract/harbor/gc';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import { showRun, showTiming } from '#platform/jobs/regular';
import { collectionType } from './job.ts';
import type { Collections } from './service.ts';

interface Wish {
  readonly schedule: { readonly type?: string | null | undefined; readonly cron?: string | null | undefined };
  readonly parameters?:
    | { readonly delete_untagged?: boolean | null | undefined; readonly dry_run?: boolean | null | undefined }
    | null
    | undefined;
}

/** Harbor's operations on collections of garbage. How many workers are wished for is the registry's own affair. */
export function collectionRoutes({ collections }: { readonly collections: Collections }): ManagedRoute[] {
  const ask = (asker: Parameters<Collections['ask']>[0], { schedule, parameters }: Wish) =>
    collections.ask(
      asker,
      { type: (schedule.type || 'None') as 'None', cron: schedule.cron ?? '' },
      { delete_untagged: parameters?.delete_untagged ?? false, dry_run: parameters?.dry_run ?? false },
    );
  return [
    serve(getGcHistory, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await collections.list(list);
      return listReply(
        entries.map((run) => showRun(run, collectionType)),
        total,
        list,
        url,
      );
    }),
    serve(getGcSchedule, async () => ({
      status: 200,
      body: showTiming(await collections.findSchedule(), collectionType),
    })),
    serve(getGc, async ({ params }) => ({
      status: 200,
      body: showRun(await collections.get(params.gc_id), collectionType),
    })),
    serve(getGcLog, async ({ params }) => ({ status: 200, body: await collections.log(params.gc_id) })),
    serve(stopGc, async ({ asker, params }) => {
      await collections.stop(asker, params.gc_id);
      return { status: 200 };
    }),
    serve(createGcSchedule, async ({ asker, body }) => {
      const id = await ask(asker, body);
      return {
        status: 201,
        headers: {
          Location: body.schedule.type === 'Manual' ? `/api/v2.0/system/gc/${id}` : '/api/v2.0/system/gc/schedule',
        },
      };
    }),
    serve(updateGcSchedule, async ({ asker, body }) => {
      await ask(asker, body);
      return { status: 200 };
    }),
  ];
}
