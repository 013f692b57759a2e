import type { TestRegistry } from '#testing/test-registry';

/** Tables that are written to by asking, or by the server for itself. */
const ownLife =
  /^(?:audit|sqlite_|login_failure|outbox|job_|schema_|signing_key|named_key|manifest_detail|migration|abandoned|quota_ledger)/;

/** When something was last seen is no change of it, and what a project holds is summed up later. */
const ofItself = new Set(['seen_at', 'used_at', 'last_used_at', 'pulled_at', 'used', 'used_count']);

/** Every row of every table that requests are meant to change, by table. */
export async function dumpTables(registry: TestRegistry): Promise<Readonly<Record<string, readonly string[]>>> {
  const tables = await registry.query("select name from sqlite_master where type = 'table' order by name");
  const names = tables.map(({ name }) => String(name)).filter((name) => !ownLife.test(name));
  const dump: Record<string, string[]> = {};
  for (const name of names) {
    // What lists show of a manifest is filled in later.
    const columns = name === 'manifest' ? 'id, repository_id, digest, size' : '*';
    const rows = await registry.query(`select ${columns} from "${name}"`);
    dump[name] = rows
      .map((row) =>
        JSON.stringify(
          Object.fromEntries(Object.entries(row).filter(([column]) => !ofItself.has(column))),
          (_, value: unknown) => (value instanceof Uint8Array ? 'bytes' : value),
        ),
      )
      .toSorted();
  }
  return dump;
}
