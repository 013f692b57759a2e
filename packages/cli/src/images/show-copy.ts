import { formatBytes } from '#src/output/byte-size';
import type { CopyReport } from './copy-between.ts';

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}

/** Says in a few lines what was copied. Never fails. */
export function formatCopy({ source, target, digest, manifests, blobs, bytes }: CopyReport): string {
  const present = manifests.present + blobs.present;
  const parts = [
    `${count(manifests.copied, 'manifest')} and ${count(blobs.copied, 'blob')} (${formatBytes(bytes)}) copied`,
    ...(blobs.mounted > 0 ? [`${count(blobs.mounted, 'blob')} mounted`] : []),
    ...(present > 0 ? [`${present} there already`] : []),
  ];
  return `${source} -> ${target}\n${digest}\n${parts.join(', ')}\n`;
}
