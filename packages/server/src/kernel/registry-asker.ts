import type { Asker } from './actor.ts';

/**
 * The registry itself, when it does by a rule or a schedule what somebody could ask for. It has no rights anywhere: it is
 * only named in the audit. No account has the id 0, and none may have a colon in its name.
 */
export function registryAsker(what: string): Asker {
  return {
    actor: { kind: 'user', userId: 0, name: `entrepot:${what}`, admin: false },
    address: '',
    requestId: '',
  };
}
