import type { IncomingMessage } from 'node:http';

/** Where a request came from and what the client believes it is talking to. */
export interface Origin {
  /** The client's address, behind trusted proxies the one they name. */
  readonly address: string;
  /** `https://hub.example.com[:port]`, as the client addressed us; no trailing slash. */
  readonly base: string;
  /** The path below which the registry lives for the client, such as `/hub`; empty at the root. */
  readonly prefix: string;
  readonly secure: boolean;
}

export type FindOrigin = (request: IncomingMessage) => Origin;
