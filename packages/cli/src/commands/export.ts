import { managementOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';
import { exportState } from '#src/state/export';

export const exportVerb = defineVerb({
  name: 'export',
  description:
    'Write what a registry is as a file that apply takes: settings, labels, groups, registries, roles and projects with ' +
    'all that belongs to them. Neither images nor users nor secrets are in it; variables stand in place of secrets.',
  arguments: {},
  options: {
    project: { kind: 'list', flags: '--project <name>', describes: 'Only this project; several times.' },
    output: {
      kind: 'choice',
      flags: '-o, --output <format>',
      describes: 'How to write it.',
      choices: ['yaml', 'json'],
      default: 'yaml',
    },
    ...managementOptions,
  },
  examples: [
    { does: 'Begin with what is there', command: 'entrepot export > registry.yaml' },
    { does: 'Export one project', command: 'entrepot export --project dev-team > dev-team.yaml' },
  ],
  run: ({ options }, context) => exportState(options, context),
});
