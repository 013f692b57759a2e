export type {
  BlobLocation,
  BlobRedirector,
  BlobStore,
  ByteRange,
  CommitRequest,
  StageState,
} from './blob-store.ts';
export { isBlobRedirector } from './blob-store.ts';
