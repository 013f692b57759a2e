import { type CliContext, tell } from '#src/context';
import { PartialFailure } from '#src/failures/failures';
import { type FailureForm, tellFailure } from '#src/failures/tell-failure';
import type { ManagementClient } from '#src/management/client';
import type { DrawnSecrets } from './drawn-secrets.ts';
import type { Plan, Step } from './plan.ts';
import { resolveSecret, type SecretReference } from './secret.ts';
import { nameStep, type Outcome } from './show-plan.ts';

/** What came of a plan. */
export interface PlanRun {
  readonly outcomes: readonly { readonly step: Step; readonly outcome: Outcome; readonly error?: string }[];
  /** To be thrown when everything else is told. */
  readonly failure: PartialFailure | undefined;
}

const keyOf = (secret: SecretReference) =>
  'variable' in secret ? `variable ${secret.variable}` : `file ${secret.beside} ${secret.fromFile}`;

/** All secrets that a plan needs, before anything is done. Rejects as `resolveSecret` does. */
export async function resolveSecrets(plan: Plan, context: CliContext): Promise<(secret: SecretReference) => string> {
  const values = new Map<string, string>();
  for (const secret of plan.steps.flatMap((step) => step.secrets)) {
    values.set(keyOf(secret), await resolveSecret(secret, context));
  }
  return (secret) => values.get(keyOf(secret)) ?? '';
}

const verbs = { create: 'created', change: 'changed', remove: 'removed' } as const;

/**
 * Does a plan, step by step. What fails is told, and the rest is still tried but for what is in a project that could not
 * be made. Never rejects for a step; an interruption leaves the steps behind it untried.
 */
export async function runPlan(
  plan: Plan,
  client: ManagementClient,
  secretOf: (secret: SecretReference) => string,
  drawn: DrawnSecrets,
  form: FailureForm,
  context: CliContext,
): Promise<PlanRun> {
  const outcomes: { step: Step; outcome: Outcome; error?: string }[] = [];
  const failures: unknown[] = [];
  const unmade = new Set<string>();
  const work = { client, context, secretOf, keepDrawn: drawn.keep };
  for (const step of plan.steps) {
    if (context.signal.aborted || (step.project !== undefined && unmade.has(step.project))) {
      outcomes.push({ step, outcome: 'not tried' });
      continue;
    }
    try {
      await step.run(work);
      outcomes.push({ step, outcome: 'done' });
      tell(context, `${verbs[step.action]} ${nameStep(step)}`);
    } catch (error) {
      if (context.signal.aborted) {
        // Whether it was done before the answer was lost, nobody knows; the next plan will say.
        outcomes.push({ step, outcome: 'failed', error: 'interrupted' });
        continue;
      }
      failures.push(error);
      outcomes.push({ step, outcome: 'failed', error: error instanceof Error ? error.message : String(error) });
      tell(context, `failed: ${nameStep(step)}`);
      tellFailure(context, error, form);
      if (step.noun === 'project' && step.action === 'create') {
        unmade.add(step.name);
      }
    }
  }
  const done = outcomes.filter(({ outcome }) => outcome === 'done').length;
  const untried = outcomes.filter(({ outcome }) => outcome === 'not tried');
  if (untried.length > 0) {
    tell(context, `not tried: ${untried.map(({ step }) => nameStep(step)).join(', ')}`);
  }
  if (failures.length === 0) {
    return { outcomes, failure: undefined };
  }
  const message = `${done} of ${outcomes.length} done, ${failures.length} failed, ${untried.length} not tried`;
  return { outcomes, failure: new PartialFailure(message, failures, done) };
}
