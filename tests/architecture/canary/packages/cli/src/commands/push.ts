// canary: imports only-serve-knows-the-server
// canary: imports nothing-imports-server
export { serve } from '@entrepot/server/serve';
