// canary: sound
export { db } from '#platform/db';
