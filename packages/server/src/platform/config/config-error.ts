/** One thing that is wrong with the configuration. */
export interface ConfigFault {
  /** The key as in the file, or the name as it was given when no such key exists. */
  readonly key: string;
  /** Where the value came from: `--listen`, `ENTREPOT_LISTEN` or `entrepot.yaml:12`. */
  readonly source: string;
  readonly expected: string;
  /** What stood there; `[redacted]` for a secret. */
  readonly found: string;
}

function describeFault({ key, source, expected, found }: ConfigFault): string {
  const where = source === key ? key : `${key} (${source})`;
  return `${where}: expected ${expected}; found ${found}`;
}

/** The configuration cannot be used. Holds every fault, so that all are mended in one go. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[];

  constructor(faults: readonly ConfigFault[]) {
    const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
    super([`The configuration has ${count}:`, ...faults.map((fault) => `  ${describeFault(fault)}`)].join('\n'));
    this.name = 'ConfigError';
    this.faults = faults;
  }
}
