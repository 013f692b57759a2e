export {
  type Bin,
  createBin,
  createDeletionStore,
  type DeletionStore,
  type NewDeletion,
  type Removal,
} from './store.ts';
