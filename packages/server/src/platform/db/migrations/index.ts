export { migrations } from './all.ts';
