// canary: imports sql-lives-in-stores
export { db } from '#platform/db';
