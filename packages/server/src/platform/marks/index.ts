export { createMarks, type Mark, type Marks } from './marks.ts';
