// canary: imports platform-looks-back
export { listUsers } from '#tenancy/users';
