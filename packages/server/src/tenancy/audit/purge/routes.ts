import {
  createPurgeSchedule,
  getPurgeHistory,
  getPurgeJob,
  getPurgeJobLog,
  getPurgeSchedule,
  stopPurge,
  updatePurgeSchedule,
} from '@entrepot/contract/harbor/purge';
import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import { showRun, showTiming } from '#platform/jobs/regular';
import { purgeType } from './job.ts';
import type { AuditPurges } from './service.ts';

interface Wish {
  readonly schedule: { readonly type?: string | null | undefined; readonly cron?: string | null | undefined };
  readonly parameters?:
    | {
        readonly audit_retention_hour?: number | null | undefined;
        readonly include_event_types?: string | null | undefined;
        readonly dry_run?: boolean | null | undefined;
      }
    | null
    | undefined;
}

const path = '/api/v2.0/system/purgeaudit';

/** Harbor's operations on purges of the audit. */
export function purgeRoutes({ purges }: { readonly purges: AuditPurges }): ManagedRoute[] {
  async function ask(asker: Asker, { schedule, parameters }: Wish): Promise<number> {
    const type = (schedule.type || 'None') as 'None';
    const hours = parameters?.audit_retention_hour ?? undefined;
    if (hours === undefined && type !== 'None') {
      throw new RegistryError(
        'body-invalid',
        'parameters.audit_retention_hour: say how many hours rows are kept; 0 takes all there are.',
      );
    }
    return purges.ask(
      asker,
      { type, cron: schedule.cron ?? '' },
      {
        audit_retention_hour: hours ?? 0,
        include_event_types: parameters?.include_event_types ?? '',
        dry_run: parameters?.dry_run ?? false,
      },
    );
  }

  return [
    serve(getPurgeHistory, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await purges.list(list);
      return listReply(
        entries.map((run) => showRun(run, purgeType)),
        total,
        list,
        url,
      );
    }),
    serve(getPurgeSchedule, async () => ({ status: 200, body: showTiming(await purges.findSchedule(), purgeType) })),
    serve(getPurgeJob, async ({ params }) => ({
      status: 200,
      body: showRun(await purges.get(params.purge_id), purgeType),
    })),
    serve(getPurgeJobLog, async ({ params }) => ({ status: 200, body: await purges.log(params.purge_id) })),
    serve(stopPurge, async ({ asker, params }) => {
      await purges.stop(asker, params.purge_id);
      return { status: 200 };
    }),
    serve(createPurgeSchedule, async ({ asker, body }) => {
      const id = await ask(asker, body);
      const where = body.schedule.type === 'Manual' ? String(id) : 'schedule';
      return { status: 201, headers: { Location: `${path}/${where}` } };
    }),
    serve(updatePurgeSchedule, async ({ asker, body }) => {
      await ask(asker, body);
      return { status: 200 };
    }),
  ];
}
