import { DirectoryError } from './directory-error.ts';
import { toLdapFilter } from './filter.ts';
import { parseDirectoryUrls } from './server-url.ts';

function passes(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof DirectoryError) return false;
    throw error;
  }
}

/** Whether the text says where a directory is; see `parseDirectoryUrls`. */
export const isDirectoryUrls = (text: string): boolean => passes(() => parseDirectoryUrls(text));

/** Whether an operator's text is an LDAP filter (RFC 4515). */
export const isDirectoryFilter = (text: string): boolean => passes(() => toLdapFilter({ kind: 'written', text }));

/** Whether the text names an attribute (RFC 4512 §2.5). */
export const isAttributeName = (text: string): boolean =>
  passes(() => toLdapFilter({ kind: 'present', attribute: text }));
