export { jobMonitorRoutes } from './routes.ts';
export { createJobMonitor } from './service.ts';
