export { openDirectory } from './directory.ts';
export type { ObjectEntry, ObjectFolder } from './object-folder.ts';
