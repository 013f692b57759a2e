import { forgetRunning, listRunning, reportRunning, simulateRetention } from '@entrepot/contract/entrepot/retention';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Clusters, SimulatedArtifact, Simulations } from '#features/retention';
import { readRules } from './rules.ts';

/** Ours beside Harbor's. */
export function retentionExtraRoutes({
  simulations,
  clusters,
}: {
  readonly simulations: Simulations;
  readonly clusters: Clusters;
}): ManagedRoute[] {
  return [
    serve(simulateRetention, async ({ project, query, body }) => {
      // Where the record lets the body be left out, there may be none.
      const given = (body as typeof body | undefined)?.rules;
      const rules = given === undefined || given === null ? undefined : readRules(given);
      const repository = query.repository === undefined ? undefined : `${project.name}/${query.repository}`;
      const { artifacts, untouched } = await simulations.simulate(project, rules, repository);
      const leaving = artifacts.filter(({ kept }) => !kept);
      // What goes is told first: where there is no room for all, it is what is asked for.
      const told = [...leaving, ...artifacts.filter(({ kept }) => kept)].slice(0, query.limit);
      return {
        status: 200,
        body: {
          artifacts: told.map(show),
          total: artifacts.length,
          retained: artifacts.length - leaving.length,
          deleted: leaving.length,
          bytes_freed: leaving.reduce((sum, { freed }) => sum + freed, 0),
          untouched: [...untouched],
          truncated: told.length < artifacts.length,
        },
      };
    }),
    serve(reportRunning, async ({ asker, project, params, body }) => ({
      status: 200,
      body: await clusters.report(asker, project, params.cluster, body.images),
    })),
    serve(listRunning, async ({ project }) => ({
      status: 200,
      body: (await clusters.list(project)).map(({ cluster, images, reportedAt }) => ({
        cluster,
        images,
        reported_at: new Date(reportedAt).toISOString(),
      })),
    })),
    serve(forgetRunning, async ({ asker, project, params }) => {
      await clusters.forget(asker, project, params.cluster);
      return { status: 200 };
    }),
  ];
}

function show({ repository, manifest, kept, rule, why, freed }: SimulatedArtifact) {
  return {
    repository,
    digest: manifest.digest,
    tags: [...manifest.tags],
    verdict: kept ? ('keep' as const) : ('delete' as const),
    rule: rule ?? null,
    reason: why,
    push_time: new Date(manifest.pushedAt).toISOString(),
    pull_time: manifest.pulledAt === 0 ? null : new Date(manifest.pulledAt).toISOString(),
    bytes_freed: freed,
  };
}
