import { mediaType } from '#support/content';
import { alternate, type Pace } from './pace.ts';
import type { Row, Section } from './report.ts';
import { bearerOf, runClient, startRivals } from './rivals.ts';
import { runWrk } from './wrk.ts';

const repository = 'library/bench';

/** Manifests by tag and digest, read by 16 connections. */
export async function measureManifests(pace: Pace): Promise<Section> {
  await using rivals = await startRivals();
  const digests: Record<string, string> = {};
  for (const rival of [rivals.ours, rivals.theirs]) {
    digests[rival.name] = (await rival.client.pushImage(repository, 'latest', { layers: 5 })).descriptor.digest;
  }
  const bearer = await bearerOf(rivals.ours, repository);
  const rows: Row[] = [];
  for (const login of ['Basic', 'Bearer'] as const) {
    for (const method of ['GET', 'HEAD'] as const) {
      for (const by of ['tag', 'digest'] as const) {
        const result = await alternate(pace, rivals, async (rival) => {
          const own = rival.name === 'entrepot' && login === 'Bearer' ? bearer : rival.headers;
          const path = `/v2/${repository}/manifests/${by === 'tag' ? 'latest' : digests[rival.name]}`;
          const headers = { ...own, accept: mediaType.image };
          const run = { origin: rival.origin, path, headers, connections: 16, seconds: pace.seconds };
          if (method === 'GET') return (await runWrk(run)).perSecond;
          const { requests, seconds } = await runClient<{ requests: number; seconds: number }>('heads.ts', run);
          return requests / seconds;
        });
        const what = `manifest ${method} by ${by}, ${login}`;
        rows.push({ what, unit: 'requests/s', ...result, better: 'more', aim: '≥ 15×' });
        pace.log(`${what}: ${result.ours.toFixed()} against ${result.theirs.toFixed()}`);
      }
    }
  }
  return {
    name: 'manifests',
    title: 'Manifests',
    note: `16 connections on one small image, by wrk with one thread (GET) or a client of our own (HEAD, which wrk cannot read); Entrepot checks a login at every request, docker-registry is open to all. Medians of ${pace.rounds} rounds of ${pace.seconds} s, in turn.`,
    rows,
  };
}
