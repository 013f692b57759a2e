import assert from 'node:assert/strict';
import { after } from 'node:test';
import { type Receiver, startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { type TestRegistry, useTestRegistry } from '#testing/test-registry';

/** An execution of a webhook, as the management API shows it. */
export interface ShownExecution {
  readonly id: number;
  readonly status: string;
  readonly extra_attrs: Record<string, unknown>;
  readonly metrics: Record<string, number>;
  readonly vendor_type: string;
}

/**
 * A registry with the projects `team`, `other` and `quiet`, people in them, and a server that takes deliveries: with
 * 500 below `/broken`, with 410 at `/gone`, with 200 elsewhere.
 */
export async function useWebhookScene() {
  const registry: TestRegistry = await useTestRegistry({
    env: { ENTREPOT_OUTBOUND_ALLOW: '127.0.0.1', ENTREPOT_EXTERNAL_URL: 'https://hub.example.com' },
  });
  for (const project of ['team', 'other', 'quiet']) await registry.addProject(project);
  await registry.addUser('owner', { team: 1, quiet: 1 });
  await registry.addUser('keeper', { team: 4 });
  await registry.addUser('guest', { team: 3 });
  await registry.addUser('rival', { other: 1 });
  const as = (name: string) => registry.basic(name);
  const people = { owner: as('owner'), keeper: as('keeper'), guest: as('guest'), rival: as('rival') };
  const receiver: Receiver = await startReceiver((request, response) => {
    response.statusCode = request.url?.startsWith('/broken') === true ? 500 : request.url === '/gone' ? 410 : 200;
    response.end();
  });
  after(() => receiver[Symbol.asyncDispose]());

  function ask(method: string, path: string, sent: { as?: string; body?: unknown } = {}): Promise<Response> {
    const { as: who = people.owner, body } = sent;
    return registry.fetch(path.startsWith('/api') ? path : `/api/v2.0/projects/${path}`, {
      method,
      as: who,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  }

  async function read<T = Record<string, unknown>>(path: string, who = people.owner): Promise<T> {
    const response = await ask('GET', path, { as: who });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()) as T;
  }

  const executionsOf = (id: number, project = 'team') =>
    read<ShownExecution[]>(`${project}/webhook/policies/${id}/executions`);

  return {
    registry,
    receiver,
    ...people,
    ask,
    read,
    executionsOf,
    /** A body for a policy that sends pushes to a path of its name. */
    aPolicy: (name: string, more: object = {}) => ({
      name,
      enabled: true,
      event_types: ['PUSH_ARTIFACT'],
      targets: [{ type: 'http', address: `${receiver.url}/${name}` }],
      ...more,
    }),
    async createPolicy(project: string, body: object): Promise<number> {
      const response = await ask('POST', `${project}/webhook/policies`, { body });
      assert.equal(response.status, 201, await response.clone().text());
      const [, id] = /\/webhook\/policies\/(\d+)$/.exec(response.headers.get('location') ?? '') ?? [];
      return Number(id);
    },
    optionsPath: (id: number, project = 'team') =>
      `/api/entrepot/v1/projects/${project}/webhook/policies/${id}/options`,
    /** What the receiver got under a path, once there is as much. */
    receivedAt: (path: string, count = 1) =>
      eventually(async () => {
        const found = receiver.received.filter((request) => request.url === path);
        return found.length >= count ? found : undefined;
      }, 20_000),
    endedExecution: (id: number, status: string): Promise<ShownExecution> =>
      eventually(async () => (await executionsOf(id)).find((execution) => execution.status === status), 20_000),
  };
}
