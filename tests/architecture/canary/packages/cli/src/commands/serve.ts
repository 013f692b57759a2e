// canary: imports serve-imports-only-the-main
export { startTestRegistry } from '@entrepot/server/testing/test-registry';
export { serve } from '@entrepot/server/serve';
