// Direction between packages: server, cli → contract → oci; nothing imports server, except the commands that stand in for it
// on its own machine.
const test = '[.]test[.]ts$';

export default {
  extends: './tools/dependency-base.mjs',
  forbidden: [
    {
      name: 'oci-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^packages/oci/' },
      to: { path: '^packages/(?!oci/)' },
    },
    {
      name: 'contract-imports-only-oci',
      severity: 'error',
      from: { path: '^packages/contract/' },
      to: { path: '^packages/(?!contract/|oci/)' },
    },
    {
      name: 'server-does-not-import-cli',
      severity: 'error',
      from: { path: '^packages/server/' },
      to: { path: '^packages/(?!server/|contract/|oci/)' },
    },
    {
      name: 'nothing-imports-server',
      severity: 'error',
      from: {
        path: '^packages/',
        pathNot:
          '^packages/server/|^packages/cli/src/commands/(serve|worker|backup|backup-(ls|prune|verify)|restore|drill|admin-reset-password|repair|verify-storage|import-(docker-registry|harbor|oci-layout))[.]ts$',
      },
      to: { path: '^packages/server/' },
    },
    {
      name: 'serve-imports-only-the-main',
      severity: 'error',
      from: { path: '^packages/cli/' },
      to: {
        path: '^packages/server/(?!src/app/(server|worker|backup|restore|drill|reset-password|import|storage-care)[.]ts$)',
      },
    },
    {
      name: 'packages-do-not-import-tools-or-tests',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(tools|tests)/' },
    },
    {
      name: 'tests-look-from-outside',
      comment: 'Black-box tests see a package through its exports; of the server only the test registry.',
      severity: 'error',
      from: { path: '^tests/' },
      to: { path: '^packages/server/src/(?!app/server[.]ts$)' },
    },
    {
      name: 'tools-do-not-test',
      severity: 'error',
      from: { path: '^tools/', pathNot: test },
      to: { path: '^tests/|^packages/server/testing/' },
    },
  ],
};
