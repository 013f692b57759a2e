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
] as const satisfies readonly ConfigRow[];
