import {
  createProjectWorkloadIdentity,
  deleteProjectWorkloadIdentity,
  listProjectWorkloadIdentities,
  updateProjectWorkloadIdentity,
} from '@entrepot/contract/entrepot/workload-identity';
import { MissingError } from '#src/failures/failures';
import type { ManagementClient } from '#src/management/client';
import { listAll } from '#src/management/list-all';
import { brief, inProject, type Kind } from '#src/state/kind';
import { flag, integer, list, name, needed, optional, type ReadBy, record, set, text } from '#src/state/read-value';
import { robots } from './robots.ts';

const read = record({
  name: needed(name),
  robot: needed(name),
  issuer: needed(text({ pattern: /^https?:\/\/\S+$/, what: 'an address with https://', most: 2048 })),
  audience: needed(name),
  conditions: needed(list(record({ claim: needed(name), values: needed(set(name)) }), 20)),
  description: optional(text()),
  max_lifetime_seconds: optional(integer(60, 7 * 24 * 3600)),
  single_use: optional(flag),
  disabled: optional(flag),
});

type Identity = ReadBy<typeof read>;

/** Robots of the project: an identity names its robot by the name that the project knows it by. */
async function robotIds(client: ManagementClient, project: string | undefined): Promise<Map<string, number>> {
  const found = await robots.list(client, project);
  return new Map(found.map(({ id, entry }) => [entry.name, id]));
}

async function bodyOf(
  client: ManagementClient,
  { robot, conditions, ...identity }: Identity,
  project: string | undefined,
) {
  const id = (await robotIds(client, project)).get(robot);
  if (id === undefined) {
    throw new MissingError(`${project} has no robot ${robot}`, `see which are: entrepot robot ls --project ${project}`);
  }
  const copied = conditions.map(({ claim, values }) => ({ claim, values: [...values] }));
  return { ...identity, robot_id: id, conditions: copied };
}

/** Which tokens of other issuers stand for which robots of a project. */
export const workloadIdentities: Kind<Identity> = {
  noun: 'workload identity',
  read,
  write: ({ single_use: once, disabled, ...identity }) =>
    brief({
      ...identity,
      single_use: once === true ? true : undefined,
      disabled: disabled === true ? true : undefined,
    }),
  keyOf: (identity) => identity.name,
  async list(client, project) {
    const found = await Array.fromAsync(listAll(client, listProjectWorkloadIdentities, inProject(project)));
    const names = found.length === 0 ? [] : [...(await robotIds(client, project))];
    return found.map((identity) => {
      const robot = names.find(([, id]) => id === identity.robot_id)?.[0];
      const why = robot === undefined ? 'its robot is none of the project' : 'it has keys of its own';
      return {
        id: identity.id,
        entry: {
          name: identity.name,
          robot: robot ?? '',
          issuer: identity.issuer,
          audience: identity.audience,
          conditions: identity.conditions.map(({ claim, values }) => ({ claim, values: values.toSorted() })),
          description: identity.description,
          max_lifetime_seconds: identity.max_lifetime_seconds,
          single_use: identity.single_use,
          disabled: identity.disabled,
        },
        ...(robot === undefined || identity.jwks !== null ? { unsayable: why } : {}),
      };
    });
  },
  async create({ client }, identity, project) {
    const body = await bodyOf(client, identity, project);
    await client.call(createProjectWorkloadIdentity, { ...inProject(project), body });
  },
  async change({ client }, identity, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(updateProjectWorkloadIdentity, {
      params: { ...params, workload_identity_id: id },
      headers,
      body: await bodyOf(client, identity, project),
    });
  },
  async remove({ client }, { id }, project) {
    const { params, headers } = inProject(project);
    await client.call(deleteProjectWorkloadIdentity, { params: { ...params, workload_identity_id: id }, headers });
  },
};
