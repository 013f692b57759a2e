import type { RouteRecord } from '@entrepot/contract/route';
import { RegistryError } from '#kernel/errors';
import type { ManagedRoute } from '#platform/http/management';

/**
 * The groups of operations that this release has nothing of, with what they are about. Whoever serves the first of a
 * group takes its line away, and lists below what is still missing of it; a test holds both against the registry.
 */
const groups: Readonly<Record<string, string>> = {
  replication: 'replication',
  preheat: 'preheating of images',
  scan: 'vulnerability scans',
  scanAll: 'vulnerability scans',
  scanner: 'vulnerability scanners',
  'scan data export': 'export of vulnerabilities',
  securityhub: 'overview of vulnerabilities',
};

/** Single operations that are missing in groups that are there otherwise. */
const operations: ReadonlySet<string> = new Set([
  'getScannerOfProject',
  'setScannerOfProject',
  'listScannerCandidatesOfProject',
]);

/** Whether this release describes the operation and does not serve it. */
export function isNotYet({ operationId, tag }: Pick<RouteRecord, 'operationId' | 'tag'>): boolean {
  return operations.has(operationId) || tag in groups;
}

/**
 * Routes for the records that nobody serves: they answer 501, once the record's permission was asked like that of every
 * other route. What the request brings beside is not looked at.
 */
export function notYet(records: readonly RouteRecord[], served: readonly ManagedRoute[]): ManagedRoute[] {
  const known = new Set(served.map(({ record }) => record.operationId));
  return records
    .filter(({ operationId }) => !known.has(operationId))
    .map(({ operationId, method, path, tag, permission, at, summary, responses }) => {
      const what = groups[tag] ?? summary.charAt(0).toLowerCase() + summary.slice(1).replace(/\.$/, '');
      const message = `Not in this release yet, but in a later one: ${what}.`;
      return {
        record: { operationId, method, path, tag, permission, ...(at && { at }), summary, responses },
        handle: () => Promise.reject(new RegistryError('not-implemented', message)),
      };
    });
}
