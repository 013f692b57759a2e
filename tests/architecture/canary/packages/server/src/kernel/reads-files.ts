// canary: imports kernel-is-pure
export { readFile } from 'node:fs/promises';
