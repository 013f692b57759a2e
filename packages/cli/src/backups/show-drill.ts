import { formatTable } from '#src/output/table';

interface Drill {
  readonly passed: boolean;
  readonly from: string;
  readonly state: { readonly snapshot: string; readonly changes: number; readonly at: number };
  readonly steps: readonly { readonly name: string; readonly ms: number }[];
  readonly checks: readonly { readonly name: string; readonly looked: string; readonly faults: readonly string[] }[];
  readonly rtoMs: number;
  readonly rpoMs: number | null;
  readonly totalMs: number;
}

export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;

/** What a drill found, for people. Never fails. */
export function formatDrill({ passed, state, steps, checks, rtoMs, rpoMs, totalMs }: Drill): string {
  const found = new Map(checks.map((check) => [check.name, check]));
  const rows = steps.map(({ name, ms }) => {
    const check = found.get(name);
    const verdict = check === undefined ? '' : check.faults.length === 0 ? 'ok' : 'FAILED';
    return [name, formatSeconds(ms), verdict, check?.looked ?? ''];
  });
  const faults = checks.flatMap(({ name, faults: told }) => told.map((fault) => `${name}: ${fault}\n`));
  const lines = [
    `State    ${new Date(state.at).toISOString()} (snapshot ${state.snapshot}, ${state.changes} changes)`,
    `Restore  ${formatSeconds(rtoMs)} until a registry could be started (RTO)`,
    ...(rpoMs === null ? [] : [`Age      ${formatSeconds(rpoMs)} since the newest change that was shipped (RPO)`]),
    `Drill    ${passed ? 'passed' : 'FAILED'} after ${formatSeconds(totalMs)}`,
  ];
  return `${formatTable(['STEP', 'TIME', 'RESULT', 'LOOKED AT'], rows)}${faults.join('')}${lines.join('\n')}\n`;
}
