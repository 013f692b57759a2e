// canary: sound
export { db } from './db.ts';
