export { createBringBack } from './bring-back.ts';
export { createFindWhole } from './find-whole.ts';
export { createTagHistory, type TagChangeShown, type TagHistory } from './read-model.ts';
export { createRollback, type Rollback, type RollbackTarget } from './rollback.ts';
export { createUndo, deletionNotFound, type Undo } from './service.ts';
export { createTakingStore } from './store.ts';
