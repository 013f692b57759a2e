export { createProjectUndo, type ProjectUndo } from './service.ts';
export { createProjectArchive } from './store.ts';
