export type {
  Appended,
  BlobLocation,
  BlobReader,
  BlobRedirector,
  BlobStage,
  BlobStore,
  ByteRange,
  CommitRequest,
  StageState,
} from './blob-store.ts';
export { isBlobRedirector } from './blob-store.ts';
