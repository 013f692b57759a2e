export { type BlobArchive, type BlobTiers, isBlobArchive, isBlobTiers, type Tier } from './blob-tiers.ts';
export { type BlobWalker, isBlobWalker, type WalkedBlob } from './blob-walker.ts';
