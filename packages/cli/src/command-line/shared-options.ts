import type { OptionSpec } from './verb.ts';

/** How a registry is reached and who asks; for every verb that talks to one. */
export const accessOptions = {
  plainHttp: {
    kind: 'flag',
    flags: '--plain-http',
    describes: 'Use HTTP without TLS. This machine itself (localhost, 127.0.0.1, [::1]) is tried so anyway.',
  },
  insecure: { kind: 'flag', flags: '--insecure', describes: "Do not verify the registry's certificate." },
  caFile: {
    kind: 'text',
    flags: '--ca-file <file>',
    describes: 'Trust the authorities in this PEM file too.',
  },
  authfile: {
    kind: 'text',
    flags: '--authfile <file>',
    describes: 'Read and keep credentials in this file only.',
    env: 'REGISTRY_AUTH_FILE',
  },
  username: {
    kind: 'text',
    flags: '-u, --username <name>',
    describes: 'Ask as this user, with the password of --password-stdin.',
  },
  passwordStdin: { kind: 'flag', flags: '--password-stdin', describes: 'Read the password from standard input.' },
} as const satisfies Record<string, OptionSpec>;

/** For the verbs that manage a registry. */
export const managementOptions = {
  host: {
    kind: 'text',
    flags: '--host <host>',
    describes: 'The registry, as host or host:port; else the only one there are credentials for.',
    env: 'ENTREPOT_HOST',
  },
  ...accessOptions,
} as const satisfies Record<string, OptionSpec>;

export const outputOptions = {
  output: {
    kind: 'choice',
    flags: '-o, --output <format>',
    describes: 'How to write the result.',
    choices: ['table', 'json', 'yaml'],
    default: 'table',
    env: 'ENTREPOT_OUTPUT',
  },
} as const satisfies Record<string, OptionSpec>;

/** For the verbs that move content. */
export const transferOptions = {
  platform: {
    kind: 'list',
    flags: '--platform <os/arch>',
    describes: 'Only this platform, such as linux/arm64; several times for an index with only these.',
  },
  allPlatforms: { kind: 'flag', flags: '--all-platforms', describes: 'Everything an index names; the default.' },
  jobs: {
    kind: 'integer',
    flags: '-j, --jobs <number>',
    describes: 'How many transfers run at a time.',
    min: 1,
    max: 64,
    default: 4,
  },
  progress: {
    kind: 'choice',
    flags: '--progress <how>',
    describes: 'Show progress on standard error; auto draws bars on a terminal and writes lines where CI is set.',
    choices: ['auto', 'bar', 'plain', 'none'],
    default: 'auto',
  },
} as const satisfies Record<string, OptionSpec>;

/** For the verbs that work on the registry of this machine itself. */
export const localRegistryOptions = {
  data: {
    kind: 'text',
    flags: '--data <folder>',
    describes: 'The data folder of the registry; else that of its configuration, or ./data.',
    env: 'ENTREPOT_DATA',
  },
  config: {
    kind: 'text',
    flags: '--config <file>',
    describes: 'The configuration file of the registry.',
    env: 'ENTREPOT_CONFIG',
  },
} as const satisfies Record<string, OptionSpec>;
