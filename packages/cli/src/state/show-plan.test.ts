import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestContext } from '#testing/run-cli';
import type { Plan, Step } from './plan.ts';
import { countSteps, describeStep, formatPlan } from './show-plan.ts';

const run = async () => {};
const step = (action: Step['action'], more: Partial<Step>): Step => ({
  action,
  noun: 'member',
  name: 'anna',
  project: 'team',
  fields: [],
  secrets: [],
  run,
  ...more,
});

const plan: Plan = {
  steps: [
    step('create', {
      noun: 'project',
      name: 'team',
      project: undefined,
      fields: [{ field: 'public', before: undefined, after: false }],
    }),
    step('change', { fields: [{ field: 'role', before: 'guest', after: 'team builder' }] }),
    step('change', { noun: 'quota', name: 'team', fields: [{ field: 'limit', before: -1, after: 2 ** 30 }] }),
    step('change', { noun: 'robot', name: 'ci', fields: [{ field: 'days', before: 3, after: -1 }] }),
    step('remove', { name: 'eve\u001b[2J' }),
  ],
  kept: [{ noun: 'project', name: 'full', project: undefined, why: 'it holds 1 repositories' }],
  notes: ['this registry has no quotas yet'],
};

test('a plan reads as what it does, from what to what, and nothing in it moves the cursor', () => {
  const { context } = createTestContext();
  assert.equal(
    formatPlan(plan, context),
    [
      '  + project team',
      '      public: false',
      '  ~ member anna of team',
      '      role: guest → builder',
      '  ~ quota of team',
      '      limit: unlimited → 1GiB',
      '  ~ robot ci of team',
      '      days: 3 → for ever',
      '  - member eve [2J of team',
      '  = project full stays: it holds 1 repositories',
      '  ! this registry has no quotas yet',
      '',
    ].join('\n'),
  );
  assert.equal(countSteps(plan.steps), '1 to create, 3 to change, 1 to remove');
});

test('a plan is coloured on a terminal, and not where NO_COLOR is set', () => {
  const { context } = createTestContext();
  Object.assign(context.stdout, { isTTY: true });
  assert.ok(formatPlan(plan, context).startsWith('\u001b[32m  + project team\u001b[39m\n'));
  assert.ok(!formatPlan(plan, { ...context, env: { NO_COLOR: '1' } }).includes('\u001b'));
});

test('a step for machines has null where there is nothing yet', () => {
  assert.deepEqual(describeStep(plan.steps[0] as Step, 'planned'), {
    action: 'create',
    kind: 'project',
    name: 'team',
    fields: [{ field: 'public', before: null, after: false }],
    outcome: 'planned',
  });
});
