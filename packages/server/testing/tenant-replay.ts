import { allRecords } from '@entrepot/contract/all-records';
import type { RouteRecord } from '@entrepot/contract/route';

// Whatever a suite of the management API asks is first asked by somebody from another tenant, who is refused and learns
// no name (security catalogue, generated harness 2). A sibling route that was forgotten when a check was added is found
// here.

const suites = /\/[^/]*routes[^/]*\.test\.ts$|\/routes\/[^/]*\.test\.ts$|\/(?:robots|settings)\.test\.ts$/;

/** Sign-in itself, and what is asked of the machine, is nobody's. */
const others = /\/(?:sessions|audit|ldap)\/|\/system-routes\.test\.ts$/;

/** Whether all that the test file asks is asked by a stranger first. */
export const isReplayed = (file: string) => suites.test(file) && !others.test(file);

/** Whether this process runs such a file. */
export const isReplaying = isReplayed(process.argv[1] ?? '');

export const replayUser = 'zoe-next-door';

const patterns = allRecords.map((record) => ({
  record,
  pattern: new RegExp(`^${record.path.replaceAll(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.')}$`),
}));

/** What everybody who is signed in may do, and would be in the way of whoever is meant to: it is not asked. */
export const mayBeDoneByAll = (method: string, path: string) => method === 'POST' && path === '/api/v2.0/projects';

function findRecord(method: string, path: string): RouteRecord | undefined {
  return patterns.find(({ record, pattern }) => record.method === method && pattern.test(path))?.record;
}

/** Judges what a stranger was answered. */
export function judgeReplay(
  asked: { readonly method: string; readonly path: string },
  answer: { readonly status: number; readonly text: string },
  projects: readonly { readonly name: string; readonly isPublic: boolean }[],
): void {
  const what = `${asked.method} ${asked.path} by a stranger: ${answer.status} ${answer.text.slice(0, 500)}`;
  const [path = '', query = ''] = asked.path.split('?', 2);
  const told = answer.text;
  const leaked = projects.find(
    ({ name, isPublic }) =>
      !isPublic && !path.includes(name) && !query.includes(name) && new RegExp(`"${name}[/"+]`).test(told),
  );
  if (leaked !== undefined) throw new Error(`the name of ${leaked.name} was told: ${what}`);
  if (answer.status >= 400 && answer.status !== 500) return;
  if (answer.status >= 500) throw new Error(what);
  const record = path.startsWith('/v2/') ? undefined : findRecord(asked.method, path);
  if (record !== undefined && (record.permission === 'public' || record.permission === 'authenticated')) return;
  // A list that is made for the eyes of whoever asks is one of nothing.
  if (record?.at === 'object' && record.method === 'GET') return;
  const isOpen = projects.some(({ name, isPublic }) => isPublic && path.split('/').includes(name));
  const reads = asked.method === 'GET' || asked.method === 'HEAD';
  if (isOpen && reads) return;
  if (path === '/v2/' || path.startsWith('/v2/_')) return;
  if (record === undefined && !path.startsWith('/v2/')) return;
  throw new Error(what);
}
