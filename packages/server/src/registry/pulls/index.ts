export { createPullStore } from './store.ts';
export { createPullTally } from './tally.ts';
