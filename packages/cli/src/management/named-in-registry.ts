import type { ArgumentSpec } from '#src/command-line/verb';
import type { CliContext } from '#src/context';
import { listKnownHosts } from '#src/credentials/list-known-hosts';
import { UsageError } from '#src/failures/failures';
import { parseHost } from '#src/locations/host';

/** A repository, as the management API or as a reference to an image names it. */
export const repositoryArgument = {
  kind: 'one',
  describes: 'PROJECT/REPOSITORY, with or without HOST/ before it.',
  completes: 'reference',
} as const;

/** A tag, in both ways. */
export const tagArgument = {
  kind: 'one',
  describes: 'PROJECT/REPOSITORY:TAG, with or without HOST/ before it.',
  completes: 'reference',
} as const;

interface Call {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A project may have a dot in its name, so what has no port is a host only when it is known as one. */
async function splitHost(
  name: string,
  context: CliContext,
): Promise<readonly [host: string, rest: string] | undefined> {
  const [first = '', ...rest] = name.split('/');
  if (rest.length < 2) return undefined;
  const isHost = /:\d+$/.test(first) || (await listKnownHosts(context)).includes(first);
  return isHost ? [parseHost(first), rest.join('/')] : undefined;
}

/**
 * The call with the names in it (the arguments that the shell completes as references) as the management API has them; a
 * host before one is the registry that is meant. Rejects with UsageError when `--host` says otherwise.
 */
export async function takeHost<C extends Call>(
  specs: Readonly<Record<string, ArgumentSpec>>,
  call: C,
  context: CliContext,
): Promise<C> {
  let taken = call;
  for (const [name, { completes }] of Object.entries(specs)) {
    const given = call.arguments[name];
    if (completes !== 'reference' || typeof given !== 'string') continue;
    const split = await splitHost(given, context);
    if (split === undefined) continue;
    const [host, rest] = split;
    const { host: told } = call.options;
    if (typeof told === 'string' && told !== context.env['ENTREPOT_HOST'] && parseHost(told) !== host) {
      throw new UsageError(`${given} is not in ${told}`, 'leave --host out, or the host before the name');
    }
    taken = { ...taken, arguments: { ...taken.arguments, [name]: rest }, options: { ...taken.options, host } };
  }
  return taken;
}
