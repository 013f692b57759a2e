import { Client, type Pool } from 'pg';
import { createLocalSignals, type LocalSignals } from './signals.ts';

export interface PostgresSignals extends AsyncDisposable {
  readonly listen: LocalSignals['listen'];
  /** Called after a commit. */
  announce(channels: Iterable<string>): void;
}

const channel = 'entrepot';

/**
 * NOTIFY takes turns at a lock over the whole database when its transaction commits, so none is sent from inside one
 * that somebody waits for; what happens within this time is told together.
 */
const gatherMs = 20;
const reconnectMs = 1000;

/** Wakes this process at once and all others by NOTIFY. The connection that listens is opened for the first listener. */
export function createPostgresSignals(url: string, pool: Pool): PostgresSignals {
  const local = createLocalSignals();
  const waiting = new Set<string>();
  let telling: NodeJS.Timeout | undefined;
  let reconnecting: NodeJS.Timeout | undefined;
  let client: Client | undefined;
  let closed = false;

  function tell(): void {
    telling = undefined;
    const names = [...waiting];
    waiting.clear();
    // Whoever is not told finds the rows when he looks by himself.
    for (const name of names) pool.query('select pg_notify($1, $2)', [channel, name]).catch(() => undefined);
  }

  function connect(): void {
    const own = new Client({ connectionString: url });
    client = own;
    const lose = () => {
      if (client !== own || closed) return;
      client = undefined;
      own.end().catch(() => undefined);
      reconnecting = setTimeout(connect, reconnectMs);
      reconnecting.unref();
    };
    own.on('error', lose);
    own.on('end', lose);
    own.on('notification', ({ payload }) => local.wake([payload ?? '']));
    own
      .connect()
      .then(() => own.query(`listen ${channel}`))
      .then(() => local.wakeAll())
      .catch(lose);
  }

  return {
    listen(name, listener) {
      if (client === undefined && reconnecting === undefined) connect();
      return local.listen(name, listener);
    },
    announce(channels) {
      local.wake(channels);
      for (const name of channels) waiting.add(name);
      if (closed || waiting.size === 0) return;
      telling ??= setTimeout(tell, gatherMs);
      telling.unref();
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      clearTimeout(telling);
      clearTimeout(reconnecting);
      await client?.end().catch(() => undefined);
    },
  };
}
