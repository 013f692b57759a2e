import { createHash } from 'node:crypto';

/** One icon, as it is served. */
export interface Icon {
  readonly digest: string;
  readonly contentType: string;
  /** In base64. */
  readonly content: string;
}

/** Drawn in a field of 24 by 24, in one stroke. */
const drawings: Readonly<Record<string, string>> = {
  IMAGE: '<path d="M12 3l8 4.5v9L12 21l-8-4.5v-9z"/><path d="M4 7.5l8 4.5 8-4.5M12 12v9"/>',
  CHART: '<circle cx="12" cy="12" r="6"/><path d="M12 2v6M12 16v6M2 12h6M16 12h6M5 5l4.2 4.2M14.8 14.8L19 19"/>',
  CNAB: '<rect x="4" y="8" width="16" height="12"/><path d="M4 8l3-4h10l3 4M9 12h6"/>',
  WASM: '<rect x="3" y="3" width="18" height="18"/><path d="M9 3a3 3 0 0 0 6 0M7 12l1.5 5 1.5-4 1.5 4 1.5-5M15 17l1.5-5 1.5 5"/>',
  SBOM: '<path d="M6 3h9l4 4v14H6zM15 3v4h4M9 11h7M9 14h7M9 17h4"/>',
  CNAI: '<circle cx="6" cy="7" r="2"/><circle cx="6" cy="17" r="2"/><circle cx="18" cy="12" r="2"/><circle cx="12" cy="12" r="2"/><path d="M8 8l3 3M8 16l3-3M14 12h2"/>',
  UNKNOWN: '<path d="M6 3h9l4 4v14H6z"/><path d="M10 11a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1.1M12 17v.5"/>',
  'signature.cosign': '<path d="M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6z"/><path d="M9 12l2 2 4-4"/>',
  'signature.notation': '<path d="M4 20c4 0 4-12 8-12s1 9 4 9 2-3 4-3"/><path d="M4 4h16"/>',
  'sbom.harbor': '<path d="M6 3h9l4 4v14H6zM9 11h7M9 15h7"/><circle cx="9" cy="7" r="1"/>',
  'accelerator.nydus': '<path d="M13 2L5 14h6l-1 8 8-12h-6z"/>',
  'subject.accessory': '<path d="M8 12l6-6a3.5 3.5 0 0 1 5 5l-8 8a5 5 0 0 1-7-7l7-7"/>',
};

function draw(lines: string): Icon {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="#3a4b5c" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">${lines}</svg>`;
  const digest = `sha256:${createHash('sha256').update(svg).digest('hex')}`;
  return { digest, contentType: 'image/svg+xml', content: Buffer.from(svg).toString('base64') };
}

const byType = new Map(Object.entries(drawings).map(([type, lines]) => [type, draw(lines)]));
const byDigest = new Map([...byType.values()].map((icon) => [icon.digest, icon]));

/** The digest of the icon for a type of artifact or accessory; that of the unknown where it has none of its own. */
export function iconOf(type: string): string {
  return (byType.get(type) ?? byType.get('UNKNOWN'))?.digest ?? '';
}

export function findIcon(digest: string): Icon | undefined {
  return byDigest.get(digest);
}
