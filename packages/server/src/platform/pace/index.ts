export { type Courtesy, createCourtesy } from './courtesy.ts';
export { createPace, type Pace } from './pace.ts';
