// canary: imports every-file-has-a-room
// canary: lint eslint(no-restricted-imports)
export { thing } from '../homeless/thing.ts';
