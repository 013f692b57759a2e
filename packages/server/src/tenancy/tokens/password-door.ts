import type { Account } from '#kernel/actor';
import type { Eventually } from '#kernel/eventually';
import type { LoginOrigin } from '#tenancy/logins';

/** Whatever takes a name and a password, or a secret in its place. */
export interface PasswordDoor {
  /** Who has the name and the password. Fails with `unauthorized` or `login-throttled`. */
  signIn(name: string, password: string, origin: LoginOrigin): Eventually<Account>;
}

/** A door for names of its own. */
export interface NamedDoor extends PasswordDoor {
  isMine(name: string): boolean;
}

/** The first door that a name belongs to, or the last, which is for everybody else. */
export function createPasswordDoor(named: readonly NamedDoor[], others: PasswordDoor): PasswordDoor {
  return {
    signIn(name, password, origin) {
      const door = named.find((one) => one.isMine(name)) ?? others;
      return door.signIn(name, password, origin);
    },
  };
}
