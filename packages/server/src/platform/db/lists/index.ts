export { selectIds, selectRows, selectTexts, slices } from './lists.ts';
