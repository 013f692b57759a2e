import type { ConfigRow } from './row.ts';

/** What the registry ships by itself. */
export const backupRows = [
  {
    key: 'backup.to',
    kind: 'text',
    pattern: {
      matches: /^(?:s3:\/\/[a-z0-9][\w.-]{1,253}[a-z0-9](?:[/?].*)?|(?!\w+:\/\/).+)$/i,
      expected: 'a folder, or s3://BUCKET/PREFIX',
    },
    default: null,
    absent: 'nothing is shipped',
    explanation:
      'Where every change of the database (SQLite only) and every new blob is copied to while the registry runs: a folder, or `s3://bucket/prefix?endpoint=https://…&region=…`.',
    example: 's3://backups/hub',
  },
  {
    key: 'backup.ship_interval',
    kind: 'duration',
    default: '10s',
    min: '1s',
    max: '1h',
    explanation: 'How often changes are shipped; what came since is what may be lost with the machine.',
    example: '5s',
  },
  {
    key: 'backup.snapshot_interval',
    kind: 'duration',
    default: '24h',
    min: '1m',
    max: '30d',
    explanation: 'How often the whole database is copied, so that fewer changes are to be applied at a restore.',
    example: '12h',
  },
  {
    key: 'backup.keep',
    kind: 'integer',
    default: '7',
    min: '1',
    max: '10000',
    explanation: 'How many such copies stay; what none of them needs is removed.',
    example: '30',
  },
  {
    key: 'backup.blobs',
    kind: 'choice',
    choices: ['copy', 'reference'],
    default: null,
    absent: '`reference` with blobs on S3, else `copy`',
    explanation: 'Whether the bytes of the blobs are copied, or only named where they are.',
    example: 'copy',
  },
  {
    key: 'backup.encrypt_key_file',
    kind: 'path',
    default: null,
    absent: 'not encrypted',
    explanation:
      'A file with 32 random bytes in base64 or hex, as `openssl rand -base64 32` makes them. Without it nobody can restore.',
    example: '/etc/entrepot/backup.key',
  },
] as const satisfies readonly ConfigRow[];
