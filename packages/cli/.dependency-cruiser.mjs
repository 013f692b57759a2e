// Commands hold no logic and do not know each other; the main lists them.
export default {
  extends: '../../tools/dependency-base.mjs',
  forbidden: [
    {
      name: 'only-serve-knows-the-server',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot:
          '^src/commands/(serve|worker|backup|backup-(ls|prune|verify)|restore|drill|admin-reset-password|repair|verify-storage|import-(docker-registry|harbor|oci-layout))[.]ts$',
      },
      to: { path: '/server/(src|testing)/' },
    },
  ],
};
