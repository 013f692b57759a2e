// canary: imports server-does-not-import-cli
export { defineVerb } from '@entrepot/cli/verb';
