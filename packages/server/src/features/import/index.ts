export { openDistributionStore } from './distribution-store.ts';
export { dryRun } from './dry-run.ts';
export { openOciLayouts } from './oci-layouts.ts';
export { createImports } from './service.ts';
export { createImportStore } from './store.ts';
export { createTally } from './tally.ts';
export type { ImageSource, ImportCounts, ImportOptions, ImportReport } from './types.ts';
