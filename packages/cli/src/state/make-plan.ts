import type { ManagementClient } from '#src/management/client';
import { differences } from './differences.ts';
import type { Kind } from './kind.ts';
import { groups } from './kinds/groups.ts';
import { labels } from './kinds/labels.ts';
import { registries } from './kinds/registries.ts';
import { roles } from './kinds/roles.ts';
import { systemMembers } from './kinds/system-members.ts';
import { createPlanDraft, type Plan, type PlanDraft } from './plan.ts';
import { listKind, type PlanOptions, planList, secretsOf } from './plan-list.ts';
import { planProject } from './plan-project.ts';
import type { State } from './read-state.ts';
import { isSecret } from './secret.ts';
import { changeSettings, fetchSettings, type Settings } from './settings.ts';

const areaOf = (setting: string) => setting.slice(0, setting.indexOf('_'));

/** A secret setting is never shown, so it goes along when another one of its area changes: `ldap_`, `oidc_`. */
async function planSettings(
  client: ManagementClient,
  wanted: Settings,
  { sendSecrets }: PlanOptions,
  draft: PlanDraft,
): Promise<void> {
  const there = await fetchSettings(client);
  const plain = Object.fromEntries(Object.entries(wanted).filter(([, value]) => !isSecret(value)));
  const fields = differences(plain, there, { sendSecrets });
  for (const { field } of fields.filter((one) => !Object.hasOwn(there, one.field))) {
    draft.keep({ noun: 'setting', name: field, project: undefined, why: 'it cannot be changed in this registry' });
  }
  const changed = fields.filter(({ field }) => Object.hasOwn(there, field));
  const secrets = Object.entries(wanted).filter(
    ([name, value]) => isSecret(value) && (sendSecrets || changed.some(({ field }) => areaOf(field) === areaOf(name))),
  );
  if (changed.length + secrets.length === 0) {
    return;
  }
  draft.add({
    action: 'change',
    noun: 'settings',
    name: '',
    project: undefined,
    fields: [...changed, ...secrets.map(([field]) => ({ field, before: '(secret)', after: '(secret)' }))],
    secrets: secretsOf(Object.fromEntries(secrets)),
    async run(work) {
      const values = secrets.map(([name, secret]) => [
        name,
        work.secretOf(secret as Parameters<typeof work.secretOf>[0]),
      ]);
      const settings = Object.fromEntries([
        ...changed.map(({ field }) => [field, wanted[field]]),
        ...values,
      ]) as Settings;
      await changeSettings(work.client, settings);
    },
  });
}

/**
 * Compares what files say with what a registry is. Nothing is changed. Of what belongs to the registry itself nothing is
 * ever removed: other files may speak of it. Rejects as the API does.
 */
export async function makePlan(client: ManagementClient, state: State, options: PlanOptions): Promise<Plan> {
  const draft = createPlanDraft();
  async function plan<E extends object>(kind: Kind<E>, wanted: readonly E[] | undefined): Promise<void> {
    if (wanted === undefined) {
      return;
    }
    const found = await listKind(kind, client, undefined);
    if (found === undefined) {
      draft.note(`this registry has no ${kind.noun}s yet: they are left out`);
      return;
    }
    const { sendSecrets } = options;
    planList({ kind, project: undefined, wanted, found, prune: false, sendSecrets }, draft);
  }
  if (state.settings !== undefined) {
    await planSettings(client, state.settings, options, draft);
  }
  await plan(labels, state.labels);
  await plan(groups, state.groups);
  await plan(registries, state.registries);
  await plan(roles, state.roles);
  await plan(systemMembers, state.members);
  for (const project of state.projects ?? []) {
    await planProject(client, project, options, draft);
  }
  return draft.finish();
}
