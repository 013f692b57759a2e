// canary: imports contract-imports-only-oci
// canary: imports nothing-imports-server
export { serve } from '@entrepot/server/serve';
