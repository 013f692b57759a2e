export { createPullStore } from './store.ts';
export { createPullTally, type PullTally } from './tally.ts';
