import type { Account } from '#kernel/actor';
import type { Eventually } from '#kernel/eventually';
import type { LoginOrigin } from '#tenancy/logins';
import type { WorkloadExchange } from './exchange.ts';

/** Names under which a token is shown as a password when the robot is for the token to say: `docker login -u oidc`. */
const reserved: ReadonlySet<string> = new Set(['workload', 'oidc']);

interface Door {
  signIn(name: string, password: string, origin: LoginOrigin): Eventually<Account>;
}

export interface WorkloadDoorDeps {
  readonly exchange: WorkloadExchange;
  readonly robots: Door & { isMine(name: string): boolean };
  /** For people, some of whom may have such a name. */
  readonly others: Door;
}

/**
 * Takes the token of a workload in place of a robot's secret, under the robot's name or a reserved one. What is no token
 * is a robot's secret or somebody's password, as ever.
 */
export function createWorkloadDoor({
  exchange,
  robots,
  others,
}: WorkloadDoorDeps): Door & { isMine(name: string): boolean } {
  return {
    isMine: (name) => reserved.has(name) || robots.isMine(name),
    signIn(name, password, origin) {
      if (!exchange.isToken(password)) return (robots.isMine(name) ? robots : others).signIn(name, password, origin);
      return exchange.signIn(password, origin, reserved.has(name) ? undefined : name);
    },
  };
}
