import { accountOf, type Actor, anonymous } from '#kernel/actor';
import type { Clock } from '#kernel/clock';
import { RegistryError } from '#kernel/errors';
import type { Eventually } from '#kernel/eventually';
import { type LoginOrigin, readBasic } from '#tenancy/logins';
import { assertAddress } from '#tenancy/robots';
import type { PasswordDoor, Tokens } from '#tenancy/tokens';

export interface Identity {
  /**
   * Who stands behind an `Authorization` header: Basic (RFC 7617) or a Bearer token of ours (RFC 6750); nobody without
   * one. Fails with `unauthorized` or `login-throttled`: wrong credentials never fall back to nobody.
   */
  identify(authorization: string | undefined, origin: LoginOrigin): Eventually<Actor>;
  /** The same for a request that came over a connection: who was known on it a moment ago is known still. */
  identifyOn(connection: object, authorization: string | undefined, origin: LoginOrigin): Eventually<Actor>;
}

export interface IdentityDeps {
  readonly doors: PasswordDoor;
  readonly tokens: Tokens;
  readonly clock: Clock;
}

/** How long a connection's last holder is believed without another look; it adds to the verdicts' own half minute. */
const connectionTtlMs = 5000;

interface Holder {
  readonly authorization: string;
  readonly actor: Actor;
  readonly until: number;
}

export function createIdentity({ doors, tokens, clock }: IdentityDeps): Identity {
  const holders = new WeakMap<object, Holder>();

  function identify(authorization: string | undefined, origin: LoginOrigin): Eventually<Actor> {
    if (authorization === undefined) return anonymous;
    const space = authorization.indexOf(' ');
    const scheme = authorization.slice(0, space).toLowerCase();
    const value = authorization.slice(space + 1).trim();
    if (scheme === 'bearer') {
      const holder = tokens.verify(value);
      const admit = (actor: Actor) => {
        assertAddress(accountOf(actor), origin.address);
        return actor;
      };
      return holder instanceof Promise ? holder.then(admit) : admit(holder);
    }
    if (scheme === 'basic') {
      const { name, password } = readBasic(value);
      return doors.signIn(name, password, origin);
    }
    throw new RegistryError('unauthorized', 'The Authorization header is neither Basic nor Bearer.');
  }

  function remember(connection: object, authorization: string, actor: Actor): Actor {
    // Behind a proxy one connection carries the requests of many addresses.
    const account = accountOf(actor);
    if (account.kind === 'robot' && account.addresses !== undefined) return actor;
    holders.set(connection, { authorization, actor, until: clock() + connectionTtlMs });
    return actor;
  }

  return {
    identify,
    identifyOn(connection, authorization, origin) {
      if (authorization === undefined) return anonymous;
      const holder = holders.get(connection);
      if (holder !== undefined && holder.authorization === authorization && holder.until > clock()) {
        return holder.actor;
      }
      const actor = identify(authorization, origin);
      return actor instanceof Promise
        ? actor.then((known) => remember(connection, authorization, known))
        : remember(connection, authorization, actor);
    },
  };
}
