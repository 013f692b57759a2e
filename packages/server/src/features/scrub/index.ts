export { createInspect } from './quarantine.ts';
export { createOrphans } from './orphans.ts';
export { createScrubReadModel } from './read-model.ts';
export { createRepair } from './repair.ts';
export { scrubRoutes } from './routes.ts';
export { createScrub } from './service.ts';
export { createScrubStore } from './store.ts';
export { type RepairReport, repairStorage } from './repair-all.ts';
export { type VerifyReport, verifyStorage } from './verify.ts';
