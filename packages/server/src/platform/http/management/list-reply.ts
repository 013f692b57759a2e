import type { ListQuery } from '#kernel/list-query';
import type { ManagedReply } from './managed-route.ts';

/**
 * A page of a list as Harbor answers it: the entries, how many there are in all, and where the pages beside it are
 * (RFC 8288). `url` is the path and query as the client asked them.
 */
export function listReply(
  entries: readonly unknown[],
  total: number,
  list: Pick<ListQuery, 'page' | 'pageSize'>,
  url: string,
): ManagedReply {
  const links: string[] = [];
  const link = (page: number, rel: string) => links.push(`<${withPage(url, page, list.pageSize)}>; rel="${rel}"`);
  if (list.page > 1) link(list.page - 1, 'prev');
  if (list.page * list.pageSize < total) link(list.page + 1, 'next');
  const headers: Record<string, string> = { 'X-Total-Count': String(total) };
  if (links.length > 0) headers['Link'] = links.join(', ');
  return { status: 200, body: entries, headers };
}

function withPage(url: string, page: number, pageSize: number): string {
  const [path = '', search = ''] = url.split('?', 2);
  const query = new URLSearchParams(search);
  query.set('page', String(page));
  query.set('page_size', String(pageSize));
  return `${path}?${query}`;
}
