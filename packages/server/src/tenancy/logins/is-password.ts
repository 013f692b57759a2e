import type { Asker } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Logins } from './service.ts';

/**
 * Whether the password is that of the account, asked as a sign-in is: wrong ones count, and too many of them fail with
 * `login-throttled`.
 */
export async function isPassword(
  logins: Pick<Logins, 'signIn'>,
  name: string,
  password: string,
  { address, requestId }: Pick<Asker, 'address' | 'requestId'>,
): Promise<boolean> {
  try {
    await logins.signIn(name, password, { address, requestId });
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'unauthorized') return false;
    throw error;
  }
}
