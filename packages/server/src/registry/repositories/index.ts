export { createRepositoryReadModel, type RepositoryOverview, type RepositoryReadModel } from './read-model.ts';
export { createRepositories, type Repositories } from './service.ts';
export { keepVisible } from './visible.ts';
export { createRepositoryStore, type RepositoryStore } from './store.ts';
