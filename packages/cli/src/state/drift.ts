import type { CliContext } from '#src/context';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { type OutputFormat, writeResult } from '#src/output/write-result';
import { makePlan } from './make-plan.ts';
import { readState } from './read-state.ts';
import { describeKept, describeStep, formatPlan } from './show-plan.ts';

interface DriftOptions extends ReachOptions {
  readonly file: readonly string[];
  readonly exitCode: boolean;
  readonly output: OutputFormat;
}

const differ = (count: number) => (count === 1 ? '1 thing differs' : `${count} things differ`);

/**
 * Shows where a registry is not what files say, what is too much in their projects included. Rejects with UsageError for
 * files that cannot be meant, as the API does, and with an Error when something differs and `exitCode` asks for that.
 */
export async function showDrift(options: DriftOptions, context: CliContext): Promise<void> {
  const state = await readState(options.file, context);
  using client = await reachManagement(options, context);
  const plan = await makePlan(client, state, { prune: true, sendSecrets: false });
  const { steps, kept, notes } = plan;
  const differences = steps.map((step) => {
    const { outcome: _, ...described } = describeStep(step, 'planned');
    return described;
  });
  await writeResult(context, options.output, { differences, kept: kept.map(describeKept), notes }, () => {
    const told = steps.length === 0 ? 'No drift: the registry is what the files say.\n' : '';
    const legend =
      steps.length === 0 ? '' : `${differ(steps.length)}: + is missing there, ~ is different, - is not in the files.\n`;
    return `${formatPlan(plan, context)}${told}${legend}`;
  });
  if (options.exitCode && steps.length > 0) {
    throw new Error(`${differ(steps.length)} from the files`);
  }
}
