// canary: lint eslint(no-restricted-imports)
export { thing } from './explicit-any.js';
