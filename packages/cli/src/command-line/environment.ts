/** A variable that is read beside those of options. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly describes: string;
}

/** The variables that verbs read, in the order in which the reference shows them. */
export const environment: readonly EnvironmentVariable[] = [
  { name: 'ENTREPOT_HOST', describes: 'The registry that `login`, `logout` and `ls` mean when none is named.' },
  {
    name: 'ENTREPOT_USERNAME, ENTREPOT_PASSWORD',
    describes:
      'Credentials for the registry of `ENTREPOT_HOST`; without it for the only registry that the command names. They win over kept ones.',
  },
  { name: 'ENTREPOT_TOKEN', describes: 'A bearer token for the same registry, sent as it is.' },
  { name: 'ENTREPOT_OUTPUT', describes: 'The output format when `--output` is not given.' },
  {
    name: 'ENTREPOT_CONFIG',
    describes: 'The configuration file of `serve`; see the configuration reference for more.',
  },
  { name: 'REGISTRY_AUTH_FILE', describes: 'The only file of credentials, as with `--authfile`.' },
  { name: 'DOCKER_CONFIG', describes: "The folder of docker's `config.json`, in place of `~/.docker`." },
  {
    name: 'SSL_CERT_FILE, SSL_CERT_DIR',
    describes: "The system's certificates, in place of where the system keeps them.",
  },
  { name: 'NODE_EXTRA_CA_CERTS', describes: 'A PEM file with further authorities to trust.' },
  {
    name: 'HTTP_PROXY, HTTPS_PROXY, NO_PROXY',
    describes: 'Proxies, in capitals or small letters. This machine itself is never reached through one.',
  },
  { name: 'NO_COLOR, FORCE_COLOR', describes: 'Without colours, or with them where there is no terminal.' },
  { name: 'CI', describes: 'Progress is written as lines instead of bars.' },
];
