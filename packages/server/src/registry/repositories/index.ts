export { createRepositoryStore, type RepositoryStore } from './store.ts';
