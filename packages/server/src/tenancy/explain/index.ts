export { explainRoutes } from './routes.ts';
export { createExplanations, type Explanations } from './service.ts';
