export { tagHistoryRoutes } from './tag-history-routes.ts';
export { undoRoutes } from './undo-routes.ts';
