// canary: imports tenancy-looks-back
export { listTags } from '#registry/tags';
