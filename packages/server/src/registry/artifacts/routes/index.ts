export { artifactRoutes } from './artifact-routes.ts';
export { artifactLabelRoutes } from './label-routes.ts';
export { createLocate } from './locate.ts';
export { createPages } from './pages.ts';
