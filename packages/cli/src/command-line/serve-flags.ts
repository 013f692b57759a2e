import { parseArgs } from 'node:util';

export interface ServeFlags {
  /** By the name behind `--`, as written. A flag without a value is true. */
  readonly flags: Readonly<Record<string, string | true>>;
  /** What is no flag and no value of one. */
  readonly strays: readonly string[];
}

/**
 * Reads `--name value`, `--name=value` and `--name`, whatever the names: the server knows which there are. Never fails.
 */
export function readServeFlags(args: readonly string[]): ServeFlags {
  const { tokens } = parseArgs({ args: [...args], strict: false, tokens: true, allowPositionals: true });
  const flags: Record<string, string | true> = {};
  const strays: string[] = [];
  let open: string | undefined;
  for (const token of tokens) {
    if (token.kind === 'positional' && open !== undefined) {
      flags[open] = token.value;
      open = undefined;
    } else if (token.kind === 'positional') {
      strays.push(token.value);
    } else if (token.kind === 'option' && token.rawName.startsWith('--')) {
      flags[token.name] = token.value ?? true;
      open = token.value === undefined ? token.name : undefined;
    } else {
      strays.push(token.kind === 'option' ? token.rawName : '--');
      open = undefined;
    }
  }
  return { flags, strays };
}
