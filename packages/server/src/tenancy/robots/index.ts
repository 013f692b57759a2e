export { assertAddress } from './networks.ts';
export { robotRoutes } from './routes.ts';
export { createRobots } from './service.ts';
export { createRobotSignIn, type RobotSignIn } from './sign-in.ts';
export { createRobotStore } from './store.ts';
