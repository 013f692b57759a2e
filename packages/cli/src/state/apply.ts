import { type CliContext, tell } from '#src/context';
import type { FailureForm } from '#src/failures/tell-failure';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { formatFields } from '#src/output/table';
import { type OutputFormat, writeOut, writeResult } from '#src/output/write-result';
import { confirm } from '#src/terminal/confirm';
import { openDrawnSecrets } from './drawn-secrets.ts';
import { makePlan } from './make-plan.ts';
import type { Plan } from './plan.ts';
import { readState } from './read-state.ts';
import { resolveSecrets, runPlan } from './run-plan.ts';
import { countSteps, describeKept, describeStep, formatPlan } from './show-plan.ts';

interface ApplyOptions extends ReachOptions {
  readonly file: readonly string[];
  readonly dryRun: boolean;
  readonly prune: boolean;
  readonly yes: boolean;
  readonly sendSecrets: boolean;
  readonly secretsOut: string | undefined;
  readonly output: OutputFormat;
}

const describeRest = ({ kept, notes }: Plan) => ({ kept: kept.map(describeKept), notes });

/** Makes robots whose secrets somebody must keep. */
const drawsSecrets = ({ steps }: Plan) => steps.some(({ noun, action }) => noun === 'robot' && action === 'create');

/**
 * Shows what it takes to make a registry what files say, asks, and does it. Rejects with UsageError for files that
 * cannot be meant, with PartialFailure when some of it failed, and as the API does.
 */
export async function applyState(options: ApplyOptions, context: CliContext): Promise<void> {
  const { file, dryRun, prune, yes, sendSecrets, secretsOut, output } = options;
  const state = await readState(file, context);
  using client = await reachManagement(options, context);
  const plan = await makePlan(client, state, { prune, sendSecrets });
  const isText = output === 'table';
  if (isText) {
    await writeOut(context, formatPlan(plan, context));
  }
  if (plan.steps.length === 0) {
    await writeResult(context, output, { changes: [], ...describeRest(plan) }, () => 'Nothing to do.\n');
    return;
  }
  const secretOf = await resolveSecrets(plan, context);
  if (dryRun) {
    const changes = plan.steps.map((step) => describeStep(step, 'planned'));
    await writeResult(
      context,
      output,
      { changes, ...describeRest(plan) },
      () => `${countSteps(plan.steps)}. Nothing was changed.\n`,
    );
    return;
  }
  if (!yes) {
    await confirm(context, `${countSteps(plan.steps)}. Do it to ${client.registry}?`, '--yes');
  }
  await using drawn = await openDrawnSecrets(drawsSecrets(plan) ? secretsOut : undefined);
  const form: FailureForm = output === 'json' ? 'json' : 'text';
  const { outcomes, failure } = await runPlan(plan, client, secretOf, drawn, form, context);
  const changes = outcomes.map(({ step, outcome, error }) => describeStep(step, outcome, error));
  const done = outcomes.filter(({ outcome }) => outcome === 'done').length;
  // Secrets first: they must be seen even when the rest of it failed or was interrupted.
  const secrets = drawn.shown;
  const result = { changes, ...describeRest(plan), ...(secrets.length === 0 ? {} : { secrets }) };
  await writeResult({ ...context, signal: new AbortController().signal }, output, result, () =>
    [
      formatFields(secrets.map(({ name, secret }) => [name, secret] as const)),
      secrets.length === 0 ? '' : 'Keep these secrets: they are not shown again.\n',
      `${done} of ${plan.steps.length} done.\n`,
    ].join(''),
  );
  if (secretsOut !== undefined && drawsSecrets(plan)) {
    tell(context, `the secrets of the robots are in ${secretsOut}`);
  }
  if (done < plan.steps.length) {
    context.signal.throwIfAborted();
  }
  if (failure !== undefined) {
    throw failure;
  }
}
