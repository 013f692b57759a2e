export { formSignInRoutes } from './form-sign-in.ts';
export { sessionRoutes } from './session-routes.ts';
