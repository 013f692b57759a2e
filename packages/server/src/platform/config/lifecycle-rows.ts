import type { ConfigRow } from './row.ts';

/** When what nobody needs any more goes, and how long it can be had back. */
export const lifecycleRows = [
  {
    key: 'gc.grace',
    kind: 'duration',
    default: '24h',
    min: '1s',
    explanation:
      'How long content that nothing refers to is left alone after somebody last relied on it. Longer than any push takes.',
    example: '48h',
  },
  {
    key: 'gc.condemned',
    kind: 'duration',
    default: null,
    absent: '1h, or gc.grace where that is shorter',
    min: '1s',
    explanation: 'How long it waits from there to its removal; whoever relies on it meanwhile saves it.',
    example: '2h',
  },
  {
    key: 'gc.trash',
    kind: 'duration',
    default: null,
    absent: '7d, or gc.grace where that is below a minute',
    explanation:
      'How long the bytes of removed content stay in the store, so that an older backup of the database still finds them.',
    example: '14d',
  },
  {
    key: 'gc.interval',
    kind: 'duration',
    default: '1h',
    explanation:
      'How often the registry looks for what can be collected, beside the schedule that an administrator sets; 0s for never.',
    example: '15m',
  },
  {
    key: 'gc.untagged',
    kind: 'bool',
    default: 'false',
    explanation:
      'Let these collections also delete artifacts that lost their last tag. Deployments that pull by digest may need them.',
    example: 'true',
  },
  {
    key: 'undo.window',
    kind: 'duration',
    default: null,
    absent: '7d, or gc.grace where that is below a minute',
    explanation: 'How long deleted artifacts, tags, repositories and projects can be restored.',
    example: '30d',
  },
  {
    key: 'scrub.period',
    kind: 'duration',
    default: '7d',
    explanation:
      'In what time every byte of the store is read once and held against its digest; 0s for never, but when asked.',
    example: '14d',
  },
  {
    key: 'scrub.rate',
    kind: 'size',
    default: '20MiB',
    explanation: 'How many bytes a second the scrub reads at most; 0 is as fast as it goes.',
    example: '50MiB',
  },
  {
    key: 'scrub.repair_from',
    kind: 'text',
    default: null,
    absent: 'none',
    explanation:
      'Names of registries, as this one knows them, that are asked for content which is damaged here; separated by commas.',
    example: 'mirror, upstream',
  },
] as const satisfies readonly ConfigRow[];
