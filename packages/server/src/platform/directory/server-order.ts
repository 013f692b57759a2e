import type { Clock } from '#kernel/clock';
import type { DirectoryServer } from './types.ts';

/** Which server to ask: in the operator's order, without those that did not answer a moment ago. */
export interface ServerOrder {
  /** The servers worth a try now, best first; none while all are being left alone. */
  candidates(): Iterable<DirectoryServer>;
  answered(server: DirectoryServer): void;
  failed(server: DirectoryServer): void;
}

const firstPauseMs = 1000;
const longestPauseMs = 30_000;

export function createServerOrder(servers: readonly DirectoryServer[], clock: Clock): ServerOrder {
  const states = servers.map((server) => ({ server, pauseMs: 0, until: 0 }));
  const stateOf = (server: DirectoryServer) => states.find((state) => state.server === server);
  return {
    *candidates() {
      for (const state of states) {
        if (state.until > clock()) continue;
        // The first to try a server again tries for everybody: the others pass on to the next one meanwhile.
        if (state.pauseMs > 0) state.until = clock() + state.pauseMs;
        yield state.server;
      }
    },
    answered(server) {
      const state = stateOf(server);
      if (state !== undefined) Object.assign(state, { pauseMs: 0, until: 0 });
    },
    failed(server) {
      const state = stateOf(server);
      if (state === undefined) return;
      state.pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, state.pauseMs * 2));
      state.until = clock() + state.pauseMs;
    },
  };
}
