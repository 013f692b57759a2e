export { explainRoutes } from './routes.ts';
export { createExplanations } from './service.ts';
