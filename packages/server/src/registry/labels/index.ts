export { labelRoutes, renderLabel } from './routes.ts';
export { createLabels, type Labels } from './service.ts';
export { createLabelStore, type LabelStore } from './store.ts';
