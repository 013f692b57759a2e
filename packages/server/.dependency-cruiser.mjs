// The rooms of the server, in a row: app → features → registry → tenancy → platform → kernel.
const rooms = ['kernel', 'platform', 'tenancy', 'registry', 'features', 'app'];
const looksBack = rooms.slice(0, -1).map((room, i) => ({
  name: `${room}-looks-back`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: { path: `^src/(${rooms.slice(i + 1).join('|')})/` },
}));
const product = '^src/(tenancy|registry|features)/';
const test = '[.]test[.]ts$';

export default {
  extends: '../../tools/dependency-base.mjs',
  forbidden: [
    ...looksBack,
    {
      name: 'every-file-has-a-room',
      severity: 'error',
      from: {},
      to: { path: `^src/(?!(${rooms.join('|')})/)` },
    },
    {
      name: 'features-are-strangers',
      severity: 'error',
      from: { path: '^src/features/([^/]+)/' },
      to: { path: '^src/features/', pathNot: '^src/features/$1/' },
    },
    {
      name: 'sql-lives-in-stores',
      severity: 'error',
      from: { path: product, pathNot: `/(store|read-model|index)[.]ts$|${test}` },
      to: { path: '^src/platform/db/|node_modules/(kysely|pg)/|^(node:)?sqlite$' },
    },
    {
      name: 'http-lives-in-routes',
      severity: 'error',
      from: { path: product, pathNot: `/routes[.]ts$|/routes/|${test}` },
      to: { path: '^src/platform/http/|/contract/src/(?!permissions[.])|node_modules/fastify/|^(node:)?http[s2]?$' },
    },
    {
      name: 'kernel-is-pure',
      severity: 'error',
      from: { path: '^src/kernel/', pathNot: test },
      to: { pathNot: '^src/kernel/|/oci/src/|/contract/src/permissions[.]' },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^src/', pathNot: test },
      to: { path: '^testing/' },
    },
  ],
};
