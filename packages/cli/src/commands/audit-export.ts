import { writeExport } from '#src/audit/write-export';
import { managementOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';

export const auditExportVerb = defineVerb({
  name: 'audit export',
  description:
    'Write the audit to standard output in the order of time, as it arrives: one JSON object of the Elastic Common Schema ' +
    'a line, or CSV in which no cell is a formula.',
  arguments: {},
  options: {
    format: {
      kind: 'choice',
      flags: '--format <format>',
      describes: 'How to write the rows.',
      choices: ['ecs', 'csv'],
      default: 'ecs',
    },
    project: { kind: 'text', flags: '--project <name>', describes: 'Only rows of this project.' },
    since: {
      kind: 'text',
      flags: '--since <when>',
      describes: 'Only from then on: a time, a day, or how long ago as 24h or 7d.',
    },
    until: { kind: 'text', flags: '--until <when>', describes: 'Only up to then, written the same.' },
    ...managementOptions,
  },
  examples: [
    { does: 'Export everything for a log system', command: 'entrepot audit export > audit.ndjson' },
    {
      does: 'Export last week of a project for a spreadsheet',
      command: 'entrepot audit export --format csv --project team --since 7d > team.csv',
    },
  ],
  run: ({ options }, context) => writeExport(options, context),
});
