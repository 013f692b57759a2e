// canary: imports http-lives-in-routes
export type { FastifyInstance } from 'fastify';
