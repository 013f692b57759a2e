// canary: imports kernel-looks-back
// canary: imports kernel-is-pure
export { db } from '#platform/db';
