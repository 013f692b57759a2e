import type { CopyEvent } from '@entrepot/oci/client/copy-run';

/** What a copy did with each thing it handled. */
export interface CopyCounts {
  readonly manifests: { copied: number; present: number };
  readonly blobs: { copied: number; mounted: number; present: number };
  /** Of the blobs that were copied. */
  bytes: number;
}

/** Counts as a copy goes on. Never fails. */
export function createCopyTally(): { readonly counts: CopyCounts; onEvent(event: CopyEvent): void } {
  const counts: CopyCounts = {
    manifests: { copied: 0, present: 0 },
    blobs: { copied: 0, mounted: 0, present: 0 },
    bytes: 0,
  };
  return {
    counts,
    onEvent: (event) => {
      if (event.kind === 'manifest-done') {
        counts.manifests[event.how === 'pushed' ? 'copied' : 'present']++;
      } else if (event.kind === 'blob-done') {
        counts.blobs[event.how === 'uploaded' ? 'copied' : event.how]++;
        counts.bytes += event.how === 'uploaded' ? event.size : 0;
      }
    },
  };
}
