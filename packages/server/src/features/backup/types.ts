import type { WalPosition } from './store.ts';

/** What a place says of itself, in `entrepot-backup.json`. */
export interface PlaceFacts {
  readonly format: 1;
  /** The registry whose backups lie here. */
  readonly store: string;
  readonly database: 'sqlite' | 'postgres';
  readonly encryption: 'none' | 'aes-256-gcm';
  /** Tells one key from another, and nothing of it. */
  readonly keyId: string | null;
}

export type BlobMode = 'copy' | 'reference';

export interface MissingBlob {
  readonly digest: string;
  readonly why: string;
}

/** The part of a snapshot that lies in an object of its own. */
export interface SnapshotPart {
  readonly bytes: number;
  /** Of the bytes before they were compressed and sealed. */
  readonly sha256: string;
}

/** A copy of the metadata at one moment, with the blobs it names. Written last, as `snapshot.json`. */
export interface SnapshotFacts {
  readonly format: 1;
  readonly id: string;
  /** Everything in it was committed by then; milliseconds since the epoch. */
  readonly at: number;
  readonly kind: 'sqlite' | 'postgres';
  readonly store: string;
  /** Of the database's schema. */
  readonly version: number;
  readonly database: SnapshotPart;
  readonly blobs: SnapshotPart & {
    readonly mode: BlobMode;
    readonly count: number;
    /** Their sizes together. */
    readonly size: number;
    readonly missing: readonly MissingBlob[];
  };
  /** Where its changes go on, when it is one that a registry ships. */
  readonly shipped: ShippedFrom | null;
}

/** Where the changes of a snapshot begin. */
export interface ShippedFrom {
  readonly lineage: string;
  /** Number of the last change that is in the snapshot. */
  readonly change: number;
  readonly position: WalPosition;
  /** Blobs of larger ids came later. */
  readonly newestBlob: number;
}

/** A change as the place names it: `changes/<lineage>/<number>-<at>`. */
export interface ShippedChange {
  readonly name: string;
  readonly lineage: string;
  /** From 1, without gaps. */
  readonly number: number;
  /** Everything in it was committed by then. */
  readonly at: number;
  readonly size: number;
}

/** A line of a snapshot's list of blobs. */
export interface ListedBlob {
  readonly digest: string;
  readonly size: number;
  readonly location: string;
}

/** Told while something runs. */
export type Report = (progress: {
  readonly doing: string;
  readonly done: number;
  /** Undefined while nobody knows. */
  readonly total?: number | undefined;
  readonly bytes?: number | undefined;
}) => void;
