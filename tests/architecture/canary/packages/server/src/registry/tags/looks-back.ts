// canary: imports registry-looks-back
export { listLabels } from '#features/labels';
