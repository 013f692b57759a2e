/** Where the bucket is and how to speak to it. */
export interface S3BlobsConfig {
  /** Address of a store that is not AWS, such as `https://minio.example:9000`. */
  readonly endpoint?: string;
  readonly region: string;
  readonly bucket: string;
  /** Put before every key, so that several registries can share a bucket. */
  readonly prefix?: string;
  /** True puts the bucket into the path, as most stores other than AWS want it. */
  readonly forcePathStyle: boolean;
  /** Without a pair of keys the default chain of the AWS SDK is asked: environment, profile, web identity, instance. */
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  /** True sends clients to the store with signed addresses instead of passing the bytes through. */
  readonly redirect: boolean;
  readonly redirectExpiresSeconds: number;
  /** Size of the parts of large uploads in bytes, 16 MiB when absent, 5 MiB at least; larger far into huge blobs. */
  readonly partSize?: number;
  /** Bytes of memory for the parts of all uploads together, 256 MiB when absent; uploads beyond wait for their turn. */
  readonly uploadMemory?: number;
  /** In which class objects are stored; that of the bucket when absent. */
  readonly storageClass?: string;
  /** For how many days, and how fast, an object that lies in an archive is fetched when somebody wants to read it. */
  readonly restoreDays?: number;
  readonly restoreSpeed?: 'Bulk' | 'Standard' | 'Expedited';
  /** PEM text of the certificate authority of the endpoint. */
  readonly ca?: string;
  /** `when-supported` adds the SDK's checksums to uploads, which some stores refuse; `when-required` is the default. */
  readonly requestChecksums?: 'when-required' | 'when-supported';
  /** For tests: how long a connection may take and how long one may be silent. 5 s and 30 s when absent. */
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
}
