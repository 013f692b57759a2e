// canary: imports tests-look-from-outside
export { listUsers } from '../packages/server/src/tenancy/users/index.ts';
