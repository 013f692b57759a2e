export { openDirectory } from './directory.ts';
export type { ObjectFolder } from './object-folder.ts';
