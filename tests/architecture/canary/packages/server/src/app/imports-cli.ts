// canary: imports server-does-not-import-cli
export { name } from '@entrepot/cli/main';
