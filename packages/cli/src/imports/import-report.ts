/** What was left out that should have come. */
interface LeftOut {
  readonly repository: string;
  readonly reference: string;
  readonly reason: string;
  readonly message: string;
}

/** How far an import is. */
export interface ImportCounts {
  readonly repositories: number;
  readonly manifests: { readonly taken: number; readonly present: number };
  readonly tags: { readonly set: number; readonly present: number };
  readonly blobs: { readonly linked: number; readonly copied: number };
  readonly bytes: { readonly linked: number; readonly copied: number };
  readonly untagged: number;
}

/** What came of an import of files, as the server's main answers it. */
export interface ImportReport extends ImportCounts {
  readonly source: string;
  readonly dryRun: boolean;
  readonly seconds: number;
  readonly manifestsPerSecond: number;
  readonly projectsMade: readonly string[];
  readonly skippedTotal: Readonly<Record<string, number>>;
  readonly skipped: readonly LeftOut[];
}

export type ImportFrom =
  | { readonly kind: 'docker-registry' | 'harbor'; readonly path: string }
  | { readonly kind: 'oci-layout'; readonly path: string; readonly name: string | undefined };

/** What the server's main is asked for. */
export interface ImportOrder {
  readonly from: ImportFrom;
  readonly options: {
    readonly project: string | undefined;
    readonly include: readonly string[];
    readonly untagged: boolean;
    readonly sparse: boolean;
    readonly replaceTags: boolean;
    readonly trustDigests: boolean;
    readonly how: 'link' | 'copy' | 'either';
    readonly jobs: number;
  };
  readonly dryRun: boolean;
  readonly flags: { readonly data: string | undefined; readonly config: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stderr: NodeJS.WritableStream;
  readonly onProgress: (counts: ImportCounts, repository: string) => void;
  readonly signal: AbortSignal;
}

/** The server's main. Only the verbs load it: whatever else one calls pays nothing for it. */
export type ImportImages = (
  order: ImportOrder,
) => Promise<
  | { readonly kind: 'imported'; readonly report: ImportReport }
  | { readonly kind: 'faulty'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string; readonly report?: ImportReport }
>;
