// canary: imports http-lives-in-routes
export { http } from '#platform/http';
