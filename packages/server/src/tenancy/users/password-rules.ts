import { RegistryError } from '#kernel/errors';

const shortest = 8;
const longest = 128;

/** Throws `body-invalid` unless the password has a sensible length. */
export function assertPasswordLength(password: string, whose = 'A password'): void {
  if (password.length >= shortest && password.length <= longest) return;
  throw new RegistryError('body-invalid', `${whose} has ${shortest} to ${longest} characters.`);
}

/** Throws `body-invalid` unless an account of that name may have the password: Harbor's rules, and not the name itself. */
export function assertPassword(password: string, userName: string): void {
  assertPasswordLength(password);
  if (!/\p{Lu}/u.test(password) || !/\p{Ll}/u.test(password) || !/\p{Nd}/u.test(password)) {
    throw new RegistryError('body-invalid', 'A password has an upper-case letter, a lower-case letter and a digit.');
  }
  if (password.toLowerCase() === userName.toLowerCase()) {
    throw new RegistryError('body-invalid', 'A password is not the name of the account.');
  }
}
