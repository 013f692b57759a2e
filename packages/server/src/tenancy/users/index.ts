export { createUsers, isUserName, type Users } from './service.ts';
export { createUserStore, type User, type UserStore } from './store.ts';
