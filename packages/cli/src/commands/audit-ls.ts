import { showAudit } from '#src/audit/show-audit';
import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';

export const auditLsVerb = defineVerb({
  name: 'audit ls',
  description:
    'List rows of the audit, the newest first: who did what, from where, and whether it succeeded. Without the right to ' +
    'read all of it, the rows of the projects whose log you may list. With -o json a row has all it holds, before and ' +
    'after of a change included.',
  arguments: {},
  options: {
    project: { kind: 'text', flags: '--project <name>', describes: 'Only rows of this project.' },
    user: { kind: 'text', flags: '--user <name>', describes: 'Only what this user or robot did.' },
    operation: { kind: 'text', flags: '--operation <name>', describes: 'Only this, such as create, delete or login.' },
    resourceType: {
      kind: 'text',
      flags: '--resource-type <name>',
      describes: 'Only what was done to this kind of thing, such as artifact, project or robot.',
    },
    resource: { kind: 'text', flags: '--resource <text>', describes: 'Only what has this text in its name.' },
    failed: { kind: 'flag', flags: '--failed', describes: 'Only what did not succeed or was refused.' },
    since: {
      kind: 'text',
      flags: '--since <when>',
      describes: 'Only from then on: a time, a day, or how long ago as 24h or 7d.',
    },
    until: { kind: 'text', flags: '--until <when>', describes: 'Only up to then, written the same.' },
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many rows.',
      min: 1,
      max: 1_000_000,
      default: 50,
    },
    ...managementOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'See what happened last', command: 'entrepot audit ls --host hub.example.com' },
    { does: 'See what was refused today', command: 'entrepot audit ls --failed --since 24h' },
    { does: 'See who changed a robot, and what', command: 'entrepot audit ls --resource-type robot -o json' },
  ],
  run: ({ options }, context) => showAudit(options, context),
});
