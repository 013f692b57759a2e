/**
 * Where the browser goes after a sign-in: a path of ours and nothing else, however it was written. Whatever could lead
 * to another site is `/`.
 */
export function toReturnPath(asked: string | null): string {
  const ours = 'http://here.invalid';
  // A backslash, a tab or a second slash make an address of another host out of a path.
  if (asked === null || asked.length > 2048 || !/^\/(?!\/)[^\\\0-\x20\x7f]*$/.test(asked)) return '/';
  if (!URL.canParse(asked, ours)) return '/';
  const url = new URL(asked, ours);
  return url.origin === ours && !url.pathname.startsWith('//') ? `${url.pathname}${url.search}${url.hash}` : '/';
}
