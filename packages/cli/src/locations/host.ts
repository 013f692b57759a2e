import { parseImageReference } from '@entrepot/oci/reference';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';

/**
 * Reads the host of a registry, `host` or `host:port`; `https://` before it and a slash after it are let pass. Throws
 * UsageError.
 */
export function parseHost(text: string): string {
  if (text.startsWith('http://')) {
    throw new UsageError(`${text} is an address, not a host`, `write ${text.slice(7)}, and --plain-http if need be`);
  }
  const host = text.replace(/^https:\/\//, '').replace(/\/$/, '');
  try {
    // A single label is a host here, as in `login registry`; in a reference it would be a repository.
    const checked = /[.:]|^localhost$/.test(host) ? host : `${host}:443`;
    const { registry } = parseImageReference(`${checked}/any`);
    if (!host.includes('/')) {
      return registry === 'docker.io' ? registry : host;
    }
  } catch {
    // Told below, as what it is here.
  }
  throw new UsageError(`${JSON.stringify(text)} is not the host of a registry`, 'write HOST or HOST:PORT');
}

/** True when a text names a host and nothing in it: `host:port`, `host.name`, `localhost`, or any name with a slash. */
export function looksLikeHost(text: string): boolean {
  const bare = text.replace(/^https?:\/\//, '');
  const host = bare.replace(/\/$/, '');
  const isHost = /^(?:[a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?$/.test(host);
  return isHost && (bare.endsWith('/') || host === 'localhost' || /[.:]/.test(host));
}

/**
 * The host that is named, else the one of ENTREPOT_HOST; `place` is where it is named. Throws UsageError when there is
 * none or it is no host.
 */
export function chooseHost(text: string | undefined, env: CliContext['env'], place = 'its HOST'): string {
  const chosen = text || env['ENTREPOT_HOST'];
  if (!chosen) {
    throw new UsageError('no registry is named', `name ${place}, or set ENTREPOT_HOST.`);
  }
  return parseHost(chosen);
}

/** As `chooseHost`; undefined when all of them are meant. Throws UsageError also when both are asked for. */
export function chooseHostOrAll(text: string | undefined, all: boolean, env: CliContext['env']): string | undefined {
  if (all && text !== undefined) {
    throw new UsageError('a host and --all contradict each other');
  }
  return all ? undefined : chooseHost(text, env);
}
