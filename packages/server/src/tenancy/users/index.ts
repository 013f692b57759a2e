export { type Accounts, createAccounts } from './accounts.ts';
export { openFreshness } from './freshness.ts';
export { createUserReadModel } from './read-model.ts';
export { createRecoverAdmin } from './recover-admin.ts';
export { createUsers, isUserName, type Users } from './service.ts';
export { createUserStore, type UserStore } from './store.ts';
export type { UserDetail } from './types.ts';
