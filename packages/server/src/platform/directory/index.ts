export { isAttributeName, isDirectoryFilter, isDirectoryUrls } from './checks.ts';
export { createDirectory, type Directory } from './directory.ts';
export { DirectoryError } from './directory-error.ts';
export { isDnWithin, normalizeDn } from './dn.ts';
export { parseDirectoryUrls } from './server-url.ts';
export type { DirectoryEntry, DirectoryFilter, DirectoryServer } from './types.ts';
