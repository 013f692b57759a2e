import type { RouteRecord } from '@entrepot/contract/route';
import type { CallAnswer, CallInput, ManagementClient } from './client.ts';

type EntryOf<R extends RouteRecord> = CallAnswer<R>['body'] extends readonly (infer Entry)[] ? Entry : never;

const largestPage = 100;

/** The entries of a list over all its pages, `limit` at most. Rejects as `call` does. */
export async function* listAll<R extends RouteRecord>(
  client: ManagementClient,
  record: R,
  input: CallInput<R> = {},
  limit: number = Number.POSITIVE_INFINITY,
): AsyncGenerator<EntryOf<R>> {
  const size = Math.min(largestPage, limit);
  let given = 0;
  for (let page = 1; ; page++) {
    const query = { ...(input.query as object | undefined), page, page_size: size };
    const { body, header } = await client.call(record, { ...input, query } as CallInput<R>);
    const entries = body as readonly EntryOf<R>[];
    for (const entry of entries) {
      if (given === limit) {
        return;
      }
      given += 1;
      yield entry;
    }
    const total = Number(header('x-total-count') ?? Number.NaN);
    if (entries.length < size || page * size >= total || given >= limit) {
      return;
    }
  }
}
