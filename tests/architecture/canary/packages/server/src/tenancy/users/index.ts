// canary: sound
export { listUsers } from './service.ts';
