import { writeVerification } from '#src/audit/verify-audit';
import { managementOptions, outputOptions } from '#src/command-line/shared-options';
import { defineVerb } from '#src/command-line/verb';

export const auditVerifyVerb = defineVerb({
  name: 'audit verify',
  description:
    'Have the registry read its whole audit and prove by the chain of hashes that no row was changed, added or removed. ' +
    'The head that is shown stands for all rows so far: keep it elsewhere and give it with --expect the next time, and ' +
    'a missing end is found as well.',
  arguments: {},
  options: {
    expect: {
      kind: 'text',
      flags: '--expect <head>',
      describes: 'A head that was shown or logged earlier, which must be part of the chain.',
    },
    ...managementOptions,
    ...outputOptions,
  },
  examples: [
    { does: 'Verify the audit', command: 'entrepot audit verify --host hub.example.com' },
    { does: 'Keep the head for the next time', command: 'entrepot audit verify -o json > audit-head.json' },
  ],
  run: ({ options }, context) => writeVerification(options, context),
});
