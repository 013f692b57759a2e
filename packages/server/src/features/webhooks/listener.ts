import type { DomainEvent, NewEvent } from '#kernel/events';
import type { Eventually } from '#kernel/eventually';
import type { Transaction } from '#kernel/transaction';
import type { Jobs } from '#platform/jobs';
import type { EventListener, Outbox } from '#platform/outbox';
import { enqueueDeliveries } from './deliveries.ts';
import { heardKinds } from './event-types.ts';
import { isWanted } from './matching.ts';
import { toMessage } from './message.ts';
import type { WebhookStore } from './store.ts';

export interface ListenerDeps {
  readonly store: WebhookStore;
  readonly jobs: Pick<Jobs, 'enqueue'>;
  /** `hub.example.com`, for the names of images. */
  readonly host: string;
  readonly findRepository: (
    tx: Transaction,
    projectId: number,
    name: string,
  ) => Promise<{ readonly isPublic: boolean; readonly createdAt: number | undefined }>;
}

/** Turns events into deliveries, in the transaction that ticks the event off: each event is delivered once by each policy. */
export function createWebhookListener({ store, jobs, host, findRepository }: ListenerDeps): EventListener {
  async function hear(tx: Transaction, event: DomainEvent): Promise<void> {
    const policies = (await store.listAll(event.projectId, tx)).filter((policy) => isWanted(policy, event));
    if (policies.length === 0) return;
    const name = 'repository' in event ? event.repository : undefined;
    const repository = name === undefined ? undefined : await findRepository(tx, event.projectId, name);
    const message = toMessage(event, {
      host,
      isPublic: repository?.isPublic ?? false,
      repositoryCreatedAt: repository?.createdAt,
    });
    if (message === undefined) return;
    for (const policy of policies) await enqueueDeliveries(jobs, tx, policy, message);
  }
  return { name: 'webhooks', kinds: heardKinds, hear };
}

/** How long it may take until pulls are told of after a policy began to wait for them. */
const rememberMs = 5000;

export interface PullNotesDeps {
  readonly store: Pick<WebhookStore, 'listPullProjects'>;
  readonly outbox: Pick<Outbox, 'note'>;
}

/** Notes pulls for webhooks. */
export interface PullNotes extends Disposable {
  /** Costs the pull a look into a set; where nobody waits for pulls of the project, nothing more. */
  note(projectId: number, make: () => Extract<NewEvent, { kind: 'artifact-pulled' }>): void;
  /** Looks anew for who waits. Called after a policy changed; by itself every few seconds, for changes on other nodes. */
  refresh(): Eventually<void>;
}

export function createPullNotes({ store, outbox }: PullNotesDeps): PullNotes {
  let waiting: ReadonlySet<number> = new Set();
  const refresh = async () => {
    try {
      waiting = new Set(await store.listPullProjects());
    } catch {
      // The database is away; what is known stays good until the next look.
    }
  };
  const timer = setInterval(() => void refresh(), rememberMs);
  timer.unref();
  void refresh();
  return {
    note(projectId, make) {
      if (waiting.has(projectId)) outbox.note(make());
    },
    refresh,
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
