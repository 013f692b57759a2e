// canary: imports product-without-dev-dependencies
export { Client } from '@types/pg';
