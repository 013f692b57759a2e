// canary: sound
export { listTags } from './service.ts';
