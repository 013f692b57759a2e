/** A kind of registry, in Harbor's names: where it is, and what its credentials look like. */
interface Provider {
  readonly type: string;
  readonly description: string;
  /** The one place it has, or the ones it may have; none where everybody runs his own. */
  readonly endpoints?: readonly { readonly key: string; readonly value: string }[];
  readonly isFixed?: boolean;
  /** The user name that it always takes, with a file as its password. */
  readonly fixedKey?: string;
}

const providers: readonly Provider[] = [
  { type: 'harbor', description: 'Harbor, or another Entrepot' },
  {
    type: 'docker-hub',
    description: 'Docker Hub',
    endpoints: [{ key: 'hub.docker.com', value: 'https://hub.docker.com' }],
    isFixed: true,
  },
  { type: 'docker-registry', description: 'Any registry that speaks the OCI distribution API' },
  { type: 'huawei-SWR', description: 'Huawei Cloud SWR' },
  {
    type: 'google-gcr',
    description: 'Google Container Registry and Artifact Registry',
    endpoints: ['gcr.io', 'us.gcr.io', 'eu.gcr.io', 'asia.gcr.io'].map((key) => ({ key, value: `https://${key}` })),
    fixedKey: '_json_key',
  },
  { type: 'aws-ecr', description: 'Amazon Elastic Container Registry' },
  { type: 'azure-acr', description: 'Azure Container Registry' },
  { type: 'ali-acr', description: 'Alibaba Cloud Container Registry' },
  { type: 'jfrog-artifactory', description: 'JFrog Artifactory' },
  {
    type: 'quay',
    description: 'Quay',
    endpoints: [{ key: 'quay.io', value: 'https://quay.io' }],
  },
  { type: 'gitlab', description: 'GitLab Container Registry' },
  { type: 'dtr', description: 'Mirantis Secure Registry' },
  { type: 'tencent-tcr', description: 'Tencent Container Registry' },
  {
    type: 'github-ghcr',
    description: 'GitHub Container Registry',
    endpoints: [{ key: 'ghcr.io', value: 'https://ghcr.io' }],
    isFixed: true,
  },
  { type: 'volcengine-cr', description: 'Volcano Engine Container Registry' },
];

export const providerTypes: readonly string[] = providers.map(({ type }) => type);

export function isProviderType(type: string): boolean {
  return providerTypes.includes(type);
}

/** Harbor's address patterns and credential patterns, of those that have any. */
export function describeProviders() {
  return Object.fromEntries(
    providers
      .filter(({ endpoints }) => endpoints !== undefined)
      .map(({ type, endpoints = [], isFixed = false, fixedKey }) => [
        type,
        {
          endpoint_pattern: {
            endpoint_type: isFixed ? 'EndpointPatternTypeFix' : 'EndpointPatternTypeList',
            endpoints: [...endpoints],
          },
          credential_pattern: {
            access_key_type: fixedKey === undefined ? 'AccessKeyTypeStandard' : 'AccessKeyTypeFix',
            access_key_data: fixedKey ?? '',
            access_secret_type: fixedKey === undefined ? 'AccessSecretTypeStandard' : 'AccessSecretTypeFile',
            access_secret_data: fixedKey === undefined ? '' : 'No Change',
          },
        },
      ]),
  );
}

/** What replication with a registry of the type may be told. */
export function describeProvider(type: string) {
  const provider = providers.find((each) => each.type === type);
  return {
    type,
    description: provider?.description ?? '',
    supported_resource_filters: [
      { type: 'name', style: 'input' },
      { type: 'tag', style: 'input' },
      ...(type === 'harbor' ? [{ type: 'label', style: 'input' }] : []),
      { type: 'resource', style: 'radio', values: ['image', 'artifact'] },
    ],
    supported_triggers: ['manual', 'scheduled', 'event_based'],
    supported_copy_by_chunk: type === 'harbor',
  };
}

/** Where the distribution API of a registry is: Docker Hub shows people one address and clients another. */
export function findDistributionUrl(type: string, url: string): string {
  if (type === 'docker-hub') return 'https://registry-1.docker.io';
  return url.replace(/\/+$/, '');
}
