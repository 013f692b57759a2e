import type { CliContext } from '#src/context';
import { foldPermissions } from '#src/management/read-permissions';
import { writeSize } from '#src/management/read-size';
import { paint } from '#src/output/paint';
import { printable } from '#src/output/table';
import type { FieldChange } from './differences.ts';
import type { Action, Kept, Plan, Step } from './plan.ts';
import { roleWithinProject } from './role-names.ts';

const marks = { create: '+', change: '~', remove: '-' } as const satisfies Record<Action, string>;
const colours = { create: 'green', change: 'yellow', remove: 'red' } as const satisfies Record<Action, string>;

/** How people say what the registry has in full, in figures or with the project before it. */
function sayValue(field: string, value: unknown, project: string | undefined): unknown {
  switch (field) {
    case 'permissions':
      return Array.isArray(value) ? foldPermissions(value as string[]) : value;
    case 'limit':
      return typeof value === 'number' ? writeSize(value) : value;
    case 'days':
      return value === -1 ? 'for ever' : value;
    case 'role':
      return typeof value === 'string' && project !== undefined ? (roleWithinProject(project, value) ?? value) : value;
    default:
      return value;
  }
}

function formatValue(value: unknown): string {
  if (value === undefined) {
    return '(nothing)';
  }
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
    return printable(`[${value.join(', ')}]`);
  }
  return printable(typeof value === 'string' && value !== '' ? value : JSON.stringify(value));
}

function formatField({ action, project }: Step, { field, before, after }: FieldChange): string {
  const [from, to] = [before, after].map((value) => formatValue(sayValue(field, value, project)));
  return `      ${field}: ${action === 'create' ? '' : `${from} → `}${to}\n`;
}

/** `member anna of dev-team`. Never fails. */
export function nameStep({ noun, name, project }: Pick<Step, 'noun' | 'name' | 'project'>): string {
  const named = printable(name === '' || name === project ? noun : `${noun} ${name}`);
  return project === undefined ? named : `${named} of ${project}`;
}

/** A plan for people: a line for each thing, and one below it for each of its values. Never fails. */
export function formatPlan(plan: Plan, context: CliContext): string {
  const steps = plan.steps.map((step) => {
    const line = paint(context, colours[step.action], `  ${marks[step.action]} ${nameStep(step)}`, context.stdout);
    return `${line}\n${step.fields.map((field) => formatField(step, field)).join('')}`;
  });
  const kept = plan.kept.map((one) => `  = ${nameStep(one)} stays: ${one.why}\n`);
  const notes = plan.notes.map((note) => `  ! ${note}\n`);
  return [...steps, ...kept, ...notes].join('');
}

/** `2 to create, 1 to change`. Never fails. */
export function countSteps(steps: readonly Pick<Step, 'action'>[]): string {
  const counted = (['create', 'change', 'remove'] as const)
    .map((action) => ({ action, count: steps.filter((step) => step.action === action).length }))
    .filter(({ count }) => count > 0);
  return counted.map(({ action, count }) => `${count} to ${action}`).join(', ');
}

/** What came of a step. */
export type Outcome = 'planned' | 'done' | 'failed' | 'not tried';

/** A step for machines. Never fails. */
export function describeStep({ action, noun, name, project, fields }: Step, outcome: Outcome, error?: string) {
  const changed = fields.map(({ field, before, after }) => ({ field, before: before ?? null, after: after ?? null }));
  return {
    action,
    kind: noun,
    name,
    ...(project === undefined ? {} : { project }),
    fields: changed,
    outcome,
    ...(error === undefined ? {} : { error }),
  };
}

export const describeKept = ({ noun, name, project, why }: Kept) => ({
  kind: noun,
  name,
  ...(project === undefined ? {} : { project }),
  why,
});
