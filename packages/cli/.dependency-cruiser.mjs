// Commands hold no logic and do not know each other; the main lists them.
export default {
  extends: '../../tools/dependency-base.mjs',
  forbidden: [
    {
      name: 'only-serve-knows-the-server',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: '^src/commands/(serve|worker|admin-reset-password|import-(docker-registry|harbor|oci-layout))[.]ts$',
      },
      to: { path: '/server/(src|testing)/' },
    },
  ],
};
