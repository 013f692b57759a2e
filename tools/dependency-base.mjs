// What every dependency-cruiser configuration of the repository shares: rules for any TypeScript here, and how to resolve.
import { fileURLToPath } from 'node:url';

export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'product-without-dev-dependencies',
      severity: 'error',
      from: { path: '(^|/)src/', pathNot: '[.]test[.]ts$|/conformance/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['npm', 'type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: 'tests/architecture/canary' },
    enhancedResolveOptions: {
      // Without `exportsFields`, `@entrepot/*` does not resolve and rules about our packages never match.
      exportsFields: ['exports'],
      extensions: ['.ts', '.mjs', '.js'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
