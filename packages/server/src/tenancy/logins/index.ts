export { readBasic } from './basic.ts';
export { createLogins, type LoginOrigin, type Logins } from './service.ts';
export { createLoginFailureStore } from './store.ts';
