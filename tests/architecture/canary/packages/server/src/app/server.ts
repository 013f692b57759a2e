// canary: sound
import { listLabels } from '#features/labels';
import { listTags } from '#registry/tags';

export const serve = listLabels() + listTags();
