export { iconOf } from './icons.ts';
export { iconRoutes } from './routes.ts';
