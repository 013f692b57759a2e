/** One entry of a token scope: what may be done to which resource. */
export interface Scope {
  /** `repository`, `registry`, … */
  readonly type: string;
  /** The resource class in brackets after the type, as in `repository(plugin)`. */
  readonly class?: string;
  readonly name: string;
  readonly actions: readonly string[];
}

const typeGrammar = /^([a-z0-9]{1,64})(?:\(([a-z0-9]{1,64})\))?$/;
const nameGrammar = /^[^:\s"\\]+(?::[0-9]{1,5}\/[^:\s"\\]+)?$/;
const actionGrammar = /^(?:[a-z]{1,64}|\*)$/;

function readScope(text: string): Scope | undefined {
  const first = text.indexOf(':');
  const last = text.lastIndexOf(':');
  if (first <= 0 || first === last) {
    return undefined;
  }
  const type = typeGrammar.exec(text.slice(0, first));
  const name = text.slice(first + 1, last);
  const actions = [...new Set(text.slice(last + 1).split(','))].filter((action) => action !== '');
  if (type?.[1] === undefined || !nameGrammar.test(name)) {
    return undefined;
  }
  if (actions.length === 0 || !actions.every((action) => actionGrammar.test(action))) {
    return undefined;
  }
  return { type: type[1], ...(type[2] === undefined ? {} : { class: type[2] }), name, actions };
}

/**
 * Reads a space-separated list of scopes. A name may hold one `:`, between host and port. Entries outside the grammar
 * ask for nothing and are left out, so that one of them cannot spoil a login. Names are not checked to be repository
 * names. Never throws.
 * @see https://distribution.github.io/distribution/spec/auth/scope/
 */
export function parseScope(text: string): Scope[] {
  return text
    .split(' ')
    .map(readScope)
    .filter((scope) => scope !== undefined);
}

/**
 * Writes one scope or a list of them so that `parseScope` reads the same back. Never fails.
 * @see https://distribution.github.io/distribution/spec/auth/scope/
 */
export function formatScope(scopes: Scope | readonly Scope[]): string {
  const list: readonly Scope[] = 'type' in scopes ? [scopes] : scopes;
  return list
    .map(({ type, class: kind, name, actions }) => {
      const resource = kind === undefined ? type : `${type}(${kind})`;
      return `${resource}:${name}:${actions.join(',')}`;
    })
    .join(' ');
}
