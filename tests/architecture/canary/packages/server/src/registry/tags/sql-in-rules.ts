// canary: imports sql-lives-in-stores
export { sql } from 'kysely';
