import { Readable } from 'node:stream';
import type { ListQuery } from '#kernel/list-query';
import type { GuardedRequest, OutboundAnswer } from '#platform/outbound';
import type { RepairSource, WantedContent } from '#registry/ports/repair';
import { type AskRegistry, converse } from './conversation.ts';
import type { Registries } from './service.ts';

export interface RepairSourcesDeps {
  readonly registries: Pick<Registries, 'list' | 'findConnection'>;
  readonly request: GuardedRequest;
  /** Names of those that may be asked. */
  readonly names: readonly string[];
  /** Told why a registry could not be asked; the next one is. */
  readonly onFailure: (name: string, error: unknown) => void;
}

/** Read at once, and so much memory it takes. */
const stepBytes = 4 * 1024 * 1024;
const stepMs = 60_000;
/** Redirects of a blob's address, to where the registry keeps it. */
const redirects = 5;
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
].join(', ');

/** The registries of these names as places to have damaged content from, in this order. */
export function createRepairSources(deps: RepairSourcesDeps): readonly RepairSource[] {
  return deps.names.map((name) => createRepairSource(name, deps));
}

function createRepairSource(name: string, { registries, request, onFailure }: RepairSourcesDeps): RepairSource {
  async function findConnection() {
    const named: ListQuery = {
      page: 1,
      pageSize: 1,
      sort: [],
      conditions: [{ kind: 'is', field: 'name', value: name }],
    };
    const { entries } = await registries.list(named);
    const [found] = entries;
    return found && registries.findConnection(found.id);
  }

  return {
    name,
    async find(wanted, signal) {
      try {
        const connection = await findConnection();
        if (connection === undefined) {
          onFailure(name, new Error('There is no registry of this name.'));
          return undefined;
        }
        for (const repository of namesOf(wanted)) {
          const ask = converse(connection, request, `repository:${repository}:pull`);
          const found = await open(ask, repository, wanted, signal);
          if (found !== undefined) return found;
        }
      } catch (error) {
        signal.throwIfAborted();
        onFailure(name, error);
      }
      return undefined;
    },
  };
}

/** As it is called here, and without the project: so it is called where a project stands for the other registry. */
function namesOf({ repositories }: WantedContent): Set<string> {
  return new Set(repositories.flatMap((name) => [name, name.slice(name.indexOf('/') + 1)]));
}

async function open(ask: AskRegistry, repository: string, wanted: WantedContent, signal: AbortSignal) {
  const { kind, digest, size } = wanted;
  if (kind === 'manifest') {
    const accept = { accept: manifestTypes };
    const answer = await ask(`/v2/${repository}/manifests/${digest}`, { headers: accept, signal, maxBytes: stepBytes });
    return answer.status === 200 ? Readable.from([answer.body]) : undefined;
  }
  const path = `/v2/${repository}/blobs/${digest}`;
  const read = async (from: number): Promise<OutboundAnswer> => {
    const last = Math.min(size, from + stepBytes) - 1;
    const headers = { range: `bytes=${from}-${last}` };
    return ask(path, { headers, signal, redirects, timeoutMs: stepMs, maxBytes: stepBytes });
  };
  if (size === 0) return Readable.from([]);
  const first = await read(0);
  if (first.status !== 206 && !(first.status === 200 && first.body.length === size)) return undefined;
  return Readable.from(steps(first, size, read), { objectMode: false });
}

async function* steps(first: OutboundAnswer, size: number, read: (from: number) => Promise<OutboundAnswer>) {
  let at = first.body.length;
  yield first.body;
  while (at < size) {
    const { status, body } = await read(at);
    if (status !== 206 || body.length === 0) throw new Error(`The registry answered a range with ${status}.`);
    at += body.length;
    yield body;
  }
}
