import { formatBytes } from '#src/output/byte-size';
import { formatFields, formatTable } from '#src/output/table';

/** What is told of a store that was looked at. */
interface Findings {
  readonly mode: 'fast' | 'deep';
  readonly seconds: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly manifests: number;
  readonly wrong: readonly {
    readonly digest: string;
    readonly size: number;
    readonly reason: string;
    readonly repositories: readonly string[];
  }[];
  readonly wrongManifests: readonly string[];
  readonly quarantined: number;
  readonly unknown: number;
  readonly archived: number;
  readonly dangling: readonly string[];
  readonly orphans: { readonly count: number; readonly bytes: number };
}

const mostShown = 100;

/** What a look at the store found, for people. */
export function describeFindings(report: Findings): string {
  const fields = formatFields([
    ['Looked', report.mode === 'deep' ? 'at every byte' : 'whether it is there, in its size'],
    ['Blobs', `${report.blobs}, ${formatBytes(report.bytes)}`],
    ['Manifests', String(report.manifests)],
    ['Missing or wrong', String(report.wrong.length + report.wrongManifests.length)],
    ['Known to be damaged before', String(report.quarantined)],
    ['Without an answer', String(report.unknown)],
    ['In an archive, not read', String(report.archived)],
    ['Dangling', String(report.dangling.length)],
    ['Files that nothing names', `${report.orphans.count}, ${formatBytes(report.orphans.bytes)}`],
    ['Took', `${report.seconds} s`],
  ]);
  const rows = report.wrong
    .slice(0, mostShown)
    .map(({ digest, size, reason, repositories }) => [digest, formatBytes(size), reason, repositories.join(' ')]);
  const wrong = rows.length === 0 ? '' : `\n${formatTable(['DIGEST', 'SIZE', 'WHAT', 'HELD BY'], rows)}`;
  const others = [
    ...report.wrongManifests.map((digest) => `the manifest ${digest} is wrong`),
    ...report.dangling,
  ].slice(0, mostShown);
  return `${fields}${wrong}${others.map((line) => `${line}\n`).join('')}`;
}
