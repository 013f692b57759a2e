export { type BlobWalker, isBlobWalker, type WalkedBlob } from './blob-walker.ts';
