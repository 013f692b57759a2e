export { failuresKeptSince } from './back-off.ts';
export { readBasic } from './basic.ts';
export { isPassword } from './is-password.ts';
export { createLogins, type Logins, networkOf } from './service.ts';
export { createLoginFailureStore, type LoginFailureStore } from './store.ts';
export type { Authenticator, LoginOrigin } from './types.ts';
