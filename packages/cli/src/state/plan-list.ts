import { RegistryResponseError } from '@entrepot/oci/client/errors';
import { MissingError } from '#src/failures/failures';
import type { ManagementClient } from '#src/management/client';
import { differences, merged } from './differences.ts';
import type { Found, Kind } from './kind.ts';
import type { PlanDraft } from './plan.ts';
import { isSecret, type SecretReference } from './secret.ts';

/** How a plan is made. */
export interface PlanOptions {
  /** Remove what is in a project and not in the files. */
  readonly prune: boolean;
  /** Send secrets again that the registry keeps already. */
  readonly sendSecrets: boolean;
}

/** True where a registry knows an operation that it cannot do yet. Never fails. */
export function isMissingOperation(error: unknown): boolean {
  return error instanceof RegistryResponseError && error.status === 501;
}

/** What there is of a kind; undefined where the registry cannot say, because it has none of that yet. */
export async function listKind<E extends object>(
  kind: Kind<E>,
  client: ManagementClient,
  project: string | undefined,
): Promise<Found<E>[] | undefined> {
  try {
    return await kind.list(client, project);
  } catch (error) {
    if (isMissingOperation(error)) {
      return undefined;
    }
    throw error;
  }
}

/** The secrets that an entry names, at any depth. Never fails. */
export function secretsOf(value: unknown): SecretReference[] {
  if (isSecret(value)) {
    return 'kept' in value ? [] : [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(secretsOf) : [];
}

interface ListPlan<E extends object> {
  readonly kind: Kind<E>;
  readonly project: string | undefined;
  /** What the files say; undefined leaves everything as it is. */
  readonly wanted: readonly E[] | undefined;
  readonly found: readonly Found<E>[];
  /** Whether what is not wanted is removed. */
  readonly prune: boolean;
  readonly sendSecrets: boolean;
  /** Why an entry must stay as it is; undefined where it need not. */
  keepWhy?(there: E): string | undefined;
  /** How an entry is called where its key says too much. */
  nameOf?(key: string): string;
}

const fieldsThatName = ['name', 'user', 'group', 'pattern'];

/** The entry as it is now, for one that was made after the plan was. */
async function findNow<E extends object>(
  kind: Kind<E>,
  { id, entry }: Found<E>,
  client: ManagementClient,
  project: string | undefined,
): Promise<Found<E>> {
  const all = id === 0 ? await kind.list(client, project) : [{ id, entry }];
  const now = all.find((one) => kind.keyOf(one.entry) === kind.keyOf(entry));
  if (now === undefined) {
    throw new MissingError(`the ${kind.noun} ${kind.keyOf(entry)} is not there any more`);
  }
  return now;
}

/** Plans one list: what is missing is made, what differs is changed, and what is too much removed where asked for. */
export function planList<E extends object>(list: ListPlan<E>, draft: PlanDraft): void {
  const { kind, project, wanted, found, prune, sendSecrets, keepWhy, nameOf = (key) => key } = list;
  if (wanted === undefined) {
    return;
  }
  const there = new Map(found.map((one) => [kind.keyOf(one.entry), one]));
  const about = (key: string) => ({ noun: kind.noun, name: nameOf(key), project });
  const options = { sendSecrets, except: fieldsThatName };
  for (const entry of wanted) {
    const key = kind.keyOf(entry);
    const one = there.get(key);
    if (one === undefined) {
      const fields = differences(entry, undefined, options);
      const run: Parameters<PlanDraft['add']>[0]['run'] = (work) => kind.create(work, entry, project);
      draft.add({ action: 'create', ...about(key), fields, secrets: secretsOf(entry), run });
      continue;
    }
    const fields = differences(entry, one.entry, options);
    const why = one.unsayable ?? keepWhy?.(one.entry);
    if (fields.length > 0 && why !== undefined) {
      draft.keep({ ...about(key), why });
    } else if (fields.length > 0) {
      draft.add({
        action: 'change',
        ...about(key),
        fields,
        secrets: secretsOf(entry),
        async run(work) {
          const now = await findNow(kind, one, work.client, project);
          await kind.change(work, merged(entry, now.entry), now, project);
        },
      });
    }
  }
  const keys = new Set(wanted.map(kind.keyOf));
  for (const one of prune ? found.filter(({ entry }) => !keys.has(kind.keyOf(entry))) : []) {
    const key = kind.keyOf(one.entry);
    const why = one.unsayable ?? keepWhy?.(one.entry);
    if (why !== undefined) {
      draft.keep({ ...about(key), why });
      continue;
    }
    draft.add({
      action: 'remove',
      ...about(key),
      fields: [],
      secrets: [],
      run: async (work) => kind.remove(work, await findNow(kind, one, work.client, project), project),
    });
  }
}
