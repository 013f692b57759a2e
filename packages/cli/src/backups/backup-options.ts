import type { OptionSpec } from '#src/command-line/verb';

export const keyOption = {
  encryptKeyFile: {
    kind: 'text',
    flags: '--encrypt-key-file <file>',
    describes: 'The file with the key that the backups are encrypted with.',
    env: 'ENTREPOT_BACKUP_ENCRYPT_KEY_FILE',
  },
} as const satisfies Record<string, OptionSpec>;

export const fromOptions = {
  from: {
    kind: 'text',
    flags: '--from <place>',
    describes: 'Where the backups lie: a folder, or s3://BUCKET/PREFIX.',
    env: 'ENTREPOT_BACKUP_TO',
  },
  ...keyOption,
} as const satisfies Record<string, OptionSpec>;

export const atOption = {
  at: {
    kind: 'text',
    flags: '--at <time>',
    describes: 'The last state at or before this time, such as 2026-03-01T12:00:00Z; else the newest.',
  },
} as const satisfies Record<string, OptionSpec>;
