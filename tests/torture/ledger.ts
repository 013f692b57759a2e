/** What is known of a thing: acknowledged as there, acknowledged as gone, or asked for without an answer. */
export type Standing = 'there' | 'gone' | 'open';

export interface KnownBlob {
  readonly bytes: Buffer;
  standing: Standing;
}

export interface KnownManifest {
  readonly text: string;
  readonly type: string;
  /** Digests of the blobs it names. */
  readonly blobs: readonly string[];
  /** Digests of the manifests it names. */
  readonly children: readonly string[];
  readonly subject: string | undefined;
  standing: Standing;
}

export interface KnownUpload {
  readonly location: string;
  readonly bytes: Buffer;
  /** Bytes whose arrival was acknowledged. */
  acknowledged: number;
  /** Bytes that may have arrived beyond those. */
  sent: number;
}

/** All that one writer was told about its repository. Only that writer changes the repository. */
export class Ledger {
  readonly repository: string;
  readonly blobs = new Map<string, KnownBlob>();
  readonly manifests = new Map<string, KnownManifest>();
  /** What a tag may point at: the acknowledged digest and those in flight; undefined stands for no tag. */
  readonly tags = new Map<string, Set<string | undefined>>();
  readonly uploads = new Map<string, KnownUpload>();
  /** What was touched since the last look, by digest or tag. */
  readonly touched = new Set<string>();
  acknowledged = 0;

  constructor(repository: string) {
    this.repository = repository;
  }

  /** Blobs that are surely there. */
  blobsThere(): string[] {
    return [...this.blobs].flatMap(([digest, blob]) => (blob.standing === 'there' ? [digest] : []));
  }

  manifestsThere(): string[] {
    return [...this.manifests].flatMap(([digest, manifest]) => (manifest.standing === 'there' ? [digest] : []));
  }

  /** True when a manifest that is there, or may be, names the digest. */
  isNamed(digest: string): boolean {
    return [...this.manifests.values()].some(
      ({ standing, blobs, children }) => standing !== 'gone' && (blobs.includes(digest) || children.includes(digest)),
    );
  }

  /** Notes that a tag was asked to move; call the answer once the server has acknowledged it. */
  moveTag(tag: string, to: string | undefined): () => void {
    const possible = this.tags.get(tag) ?? new Set([undefined]);
    this.tags.set(tag, possible.add(to));
    this.touched.add(tag);
    return () => this.tags.set(tag, new Set([to]));
  }

  /** Notes that a manifest was asked to go; every tag to it goes with it. */
  dropManifest(digest: string): () => void {
    const manifest = this.manifests.get(digest);
    if (manifest !== undefined) manifest.standing = 'open';
    this.touched.add(digest);
    const tags = [...this.tags].filter(([, possible]) => possible.has(digest)).map(([tag]) => tag);
    for (const tag of tags) this.tags.get(tag)?.add(undefined);
    return () => {
      if (manifest !== undefined) manifest.standing = 'gone';
      for (const tag of tags) this.tags.get(tag)?.delete(digest);
    };
  }
}
