import type { ListenAddress } from './listen.ts';
import type { OutboundTarget, PortRange } from './outbound-targets.ts';

export type BlobsConfig =
  | {
      readonly kind: 'filesystem';
      readonly cacheSizeBytes: number;
      /** Absolute. */
      readonly path: string;
    }
  | {
      readonly kind: 's3';
      readonly cacheSizeBytes: number;
      /** Without a slash at the end; undefined for Amazon, by region. */
      readonly endpoint: string | undefined;
      readonly region: string;
      readonly bucket: string;
      /** Without slashes around it; empty for the top of the bucket. */
      readonly prefix: string;
      readonly pathStyle: boolean;
      readonly redirect: boolean;
      readonly redirectExpiresMs: number;
      readonly partSizeBytes: number;
      readonly uploadMemoryBytes: number;
    };

export type DatabaseConfig =
  | { readonly kind: 'sqlite' /** Absolute. */; readonly path: string }
  /** The address is in `Secrets`, since it holds a password. */
  | { readonly kind: 'postgres'; readonly poolSize: number };

/** Files are named, not read. */
export interface TlsConfig {
  readonly certificate: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientCa: string | undefined;
  readonly clientAuth: 'none' | 'optional' | 'required';
}

export interface LimitsConfig {
  readonly bodyIdleMs: number;
  /** Averaged over 60 s; 0 asks for none. */
  readonly bodyMinBytesPerSecond: number;
  readonly responseIdleMs: number;
  readonly headersTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxConnections: number;
  /** How long it is unready and still serves, before the rest of the shutdown. */
  readonly shutdownReadyDelayMs: number;
  readonly shutdownDrainMs: number;
  readonly shutdownUploadsMs: number;
}

export interface AuthConfig {
  readonly challenge: 'bearer' | 'basic';
  readonly tokenService: string;
  readonly pullTokenTtlMs: number;
  readonly pushTokenTtlMs: number;
  readonly anonymousPull: boolean;
  readonly loginAttempts: number;
  readonly loginWindowMs: number;
  /** More than a timer can count (2^31 ms): look at the key's age instead of setting one timer. */
  readonly keyRotationMs: number;
  readonly passwordConcurrency: number;
  /** 0 for never. */
  readonly passwordMaxAgeDays: number;
  readonly passwordHistory: number;
  /** A file that is named, not read. */
  readonly breachedFile: string | undefined;
  readonly breachedUrl: string | undefined;
  /** A file that is named, not read. */
  readonly ldapCa: string | undefined;
  /** Rules, as text. */
  readonly clientCertificates: string | undefined;
  readonly clientCertificateHeader: string | undefined;
}

/** Whom the registry itself may ask. */
export interface OutboundConfig {
  readonly allow: readonly OutboundTarget[];
  readonly ports: readonly PortRange[];
}

/** How long what nobody needs any more is kept, by stages. */
export interface CollectionConfig {
  readonly graceMs: number;
  readonly condemnedMs: number;
  readonly trashMs: number;
  /** 0 for never. */
  readonly intervalMs: number;
  readonly untagged: boolean;
}

/** A second store, for what nobody used for long. */
export type ColdConfig =
  | { readonly kind: 'filesystem' /** Absolute. */; readonly path: string }
  | {
      readonly kind: 's3';
      readonly endpoint: string | undefined;
      readonly region: string;
      readonly bucket: string;
      readonly prefix: string;
      readonly pathStyle: boolean;
      readonly storageClass: string | undefined;
      readonly restoreDays: number;
      readonly restoreSpeed: 'Bulk' | 'Standard' | 'Expedited';
    };

/** What goes there, and back. */
export interface TieringConfig {
  readonly afterMs: number;
  readonly minSize: number;
  readonly promote: boolean;
  readonly keepHotMs: number;
  /** 0 for never by itself. */
  readonly intervalMs: number;
  /** Bytes a second; 0 is as fast as it goes. */
  readonly rate: number;
}

/** How the bytes of the store are read again. */
export interface ScrubConfig {
  /** 0 for never by itself. */
  readonly periodMs: number;
  /** Bytes a second; 0 is as fast as it goes. */
  readonly rate: number;
  /** Names of registries that are asked for what is damaged. */
  readonly repairFrom: readonly string[];
}

/** What is shipped while the registry runs. */
export interface BackupConfig {
  /** An absolute folder, or `s3://…`. */
  readonly to: string;
  readonly shipIntervalMs: number;
  readonly snapshotIntervalMs: number;
  readonly keep: number;
  readonly copiesBlobs: boolean;
  /** A file that is named, not read. */
  readonly keyFile: string | undefined;
}

export interface JobsConfig {
  /** Whether the server works on jobs, or leaves them to `entrepot worker`. */
  readonly inServer: boolean;
  /** How many at once in one process; as many as the kinds allow where it is undefined. */
  readonly most: number | undefined;
  readonly leaseMs: number;
}

/** Everything that is decided at start, understood and checked. Secrets are apart, in `Secrets`. */
export interface Config {
  readonly listen: ListenAddress;
  /** Absolute. */
  readonly data: string;
  /** Without a slash at the end; undefined to take it from each request. */
  readonly externalUrl: string | undefined;
  readonly workers: number;
  readonly readOnly: boolean;
  readonly accessLog: boolean;
  /** Each as `address/prefix`. */
  readonly trustedProxies: readonly string[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    readonly format: 'json' | 'text';
  };
  readonly database: DatabaseConfig;
  readonly blobs: BlobsConfig;
  /** Null where there is one tier. */
  readonly cold: ColdConfig | null;
  readonly tiering: TieringConfig;
  readonly manifests: { readonly cacheSizeBytes: number; readonly maxSizeBytes: number };
  readonly indexes: { readonly requireChildren: boolean };
  readonly uploads: {
    readonly expireMs: number;
    readonly purgeIntervalMs: number;
    readonly maxOpenPerUser: number;
    readonly maxOpenTotal: number;
  };
  readonly gc: CollectionConfig;
  readonly scrub: ScrubConfig;
  readonly jobs: JobsConfig;
  readonly undo: { readonly windowMs: number };
  readonly backup: BackupConfig | null;
  readonly limits: LimitsConfig;
  readonly auth: AuthConfig;
  readonly outbound: OutboundConfig;
  readonly tls: TlsConfig | null;
  readonly metrics: { readonly public: boolean };
  readonly audit: { readonly pulls: boolean };
}
