// canary: imports product-without-dev-dependencies
export { PGlite } from '@electric-sql/pglite';
