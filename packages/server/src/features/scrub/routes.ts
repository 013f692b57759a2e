import { getScrub, listStorageDamage, startScrub } from '@entrepot/contract/entrepot/storage';
import { readListQuery } from '#kernel/list-query';
import { listReply, type ManagedRoute, serve } from '#platform/http/management';
import type { DamageView } from './read-model.ts';
import type { Scrub } from './service.ts';

const iso = (ms: number) => new Date(ms).toISOString();

export function scrubRoutes({ scrub }: { readonly scrub: Scrub }): ManagedRoute[] {
  return [
    serve(startScrub, async ({ asker }) => ({ status: 202, body: { execution_id: await scrub.start(asker) } })),
    serve(getScrub, async () => {
      const { periodMs, rate, state, running, last } = await scrub.report();
      const figure = (name: string) => last?.detail[name] ?? 0;
      return {
        status: 200,
        body: {
          period_seconds: periodMs / 1000,
          rate,
          blobs: state.blobs,
          bytes: state.bytes,
          damaged: state.damaged,
          ...(state.oldestCheck !== undefined && { checked_since: iso(state.oldestCheck) }),
          ...(running !== undefined && {
            running: {
              execution_id: running.id,
              status: running.status,
              start_time: iso(running.createdAt),
              full: running.extraAttrs['full'] === true,
            },
          }),
          ...(last !== undefined && {
            last: {
              blobs: figure('blobs'),
              bytes: figure('bytes'),
              manifests: figure('manifests'),
              damaged: figure('damaged'),
              repaired: figure('repaired'),
              archived: figure('archived'),
              unknown: figure('unknown'),
              orphans: figure('orphans'),
              orphan_bytes: figure('orphan_bytes'),
              start_time: iso(figure('begun_at')),
              end_time: iso(last.at),
            },
          }),
        },
      };
    }),
    serve(listStorageDamage, async ({ query, url }) => {
      const list = readListQuery(query);
      const { entries, total } = await scrub.listDamage(query.all === true, list);
      return listReply(entries.map(show), total, list, url);
    }),
  ];
}

function show(damage: DamageView) {
  return {
    id: damage.id,
    kind: damage.kind,
    digest: damage.digest,
    size: damage.size,
    reason: damage.reason,
    found_time: iso(damage.foundAt),
    ...(damage.mendedAt !== undefined && { mended_time: iso(damage.mendedAt) }),
    ...(damage.mendedBy !== undefined && { mended_by: damage.mendedBy }),
    repositories: [...damage.repositories],
    artifacts: damage.affected.map((artifact) => ({ ...artifact, tags: [...artifact.tags] })),
  };
}
