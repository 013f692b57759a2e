// canary: imports testing-is-for-tests
export { startTestRegistry } from '#testing/test-registry';
