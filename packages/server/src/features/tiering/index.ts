export { createMover } from './mover.ts';
export { tieringRoutes } from './routes.ts';
export { createTiering } from './service.ts';
export { createTieringStore } from './store.ts';
