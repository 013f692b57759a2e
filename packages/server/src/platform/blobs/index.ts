export type {
  AdoptedFile,
  AdoptionKind,
  BlobAdopter,
  BlobLocation,
  BlobRedirector,
  BlobStore,
  ByteRange,
  CommitRequest,
  StageState,
} from './blob-store.ts';
export { identityOf, isBlobAdopter, isBlobRedirector } from './blob-store.ts';
