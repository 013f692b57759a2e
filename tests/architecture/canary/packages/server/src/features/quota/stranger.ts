// canary: imports features-are-strangers
export { listLabels } from '#features/labels';
