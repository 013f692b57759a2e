// canary: imports packages-do-not-import-tools-or-tests
// canary: lint eslint(no-restricted-imports)
export { findFiles } from '../../../../tools/find-files.ts';
