// canary: imports tools-do-not-test
export { startTestRegistry } from '@entrepot/server/testing/test-registry';
