export { createRegularWork, type RegularWork, type Timing } from './regular-work.ts';
export { showRun, showTiming } from './show-run.ts';
