import type { FieldChange } from './differences.ts';
import type { Work } from './kind.ts';
import type { SecretReference } from './secret.ts';

export type Action = 'create' | 'change' | 'remove';

/** One thing to do. */
export interface Step {
  readonly action: Action;
  readonly noun: string;
  readonly name: string;
  readonly project: string | undefined;
  readonly fields: readonly FieldChange[];
  /** What has to be resolved before anything is done. */
  readonly secrets: readonly SecretReference[];
  run(work: Work): Promise<void>;
}

/** Something that is not as the files say, and stays. */
export interface Kept {
  readonly noun: string;
  readonly name: string;
  readonly project: string | undefined;
  readonly why: string;
}

/** What it takes to make a registry what files say, in the order in which it can be done. */
export interface Plan {
  readonly steps: readonly Step[];
  readonly kept: readonly Kept[];
  /** What of the files this registry cannot do yet. */
  readonly notes: readonly string[];
}

/** A plan while it is made. Removals come after everything else, the last that was noted first. */
export interface PlanDraft {
  add(step: Step): void;
  keep(kept: Kept): void;
  note(text: string): void;
}

export function createPlanDraft(): PlanDraft & { finish(): Plan } {
  const steps: Step[] = [];
  const removals: Step[] = [];
  const kept: Kept[] = [];
  const notes = new Set<string>();
  return {
    add: (step) => void (step.action === 'remove' ? removals.unshift(step) : steps.push(step)),
    keep: (one) => void kept.push(one),
    note: (text) => void notes.add(text),
    finish: () => ({ steps: [...steps, ...removals], kept, notes: [...notes] }),
  };
}
