export type RegistryStatus = 'healthy' | 'unhealthy';

export type CredentialType = 'basic' | 'oauth' | 'secret';

/** How another registry is reached. */
export interface RegistryConnection {
  readonly type: string;
  readonly url: string;
  readonly credentialType: CredentialType;
  /** Empty for none. */
  readonly accessKey: string;
  /** Undefined for none. */
  readonly accessSecret: string | undefined;
  /** Takes any certificate. */
  readonly insecure: boolean;
  /** Authorities in PEM that are believed beside those of the system; empty for none. */
  readonly caCertificate: string;
}

/** Another registry as it is known here; its secret stays in the store. */
export interface RemoteRegistry extends Omit<RegistryConnection, 'accessSecret'> {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly hasSecret: boolean;
  readonly status: RegistryStatus;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewRegistry extends RegistryConnection {
  readonly name: string;
  readonly description: string;
}

/** What is absent stays. */
export type RegistryChange = { readonly [Field in keyof Omit<NewRegistry, 'type'>]?: NewRegistry[Field] | undefined };
