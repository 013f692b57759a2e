import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { readEnvironment } from './env.ts';
import { readConfigFile } from './file.ts';
import type { ConfigFlags } from './flags.ts';
import { readFlags } from './flags.ts';
import type { ReadFile, Setting } from './reading.ts';
import { startReading } from './reading.ts';
import { resolveConfig, resolveSecrets } from './resolve.ts';
import type { Secrets } from './secrets.ts';
import { readValues } from './values.ts';

export interface ConfigSources {
  /** What the command line says, by key; `config` names the file. */
  readonly flags: ConfigFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly secrets: Secrets;
}

/**
 * Reads the flags, the `ENTREPOT_*` variables and the file that `--config` or `ENTREPOT_CONFIG` names, in falling
 * order of precedence, then the defaults. Relative paths are taken from the working directory.
 * Throws `ConfigError` with every fault when anything in any of them is wrong.
 */
export function loadConfig({ flags, env, readFile }: ConfigSources): LoadedConfig {
  const path = String(flags['config'] ?? env['ENTREPOT_CONFIG'] ?? '').trim();
  const readings = [
    path === '' ? startReading() : readConfigFile(path, readFile),
    readEnvironment(env, readFile),
    readFlags(flags, readFile),
  ];
  const faults = readings.flatMap((reading) => reading.faults);
  const settings = new Map<string, Setting>(readings.flatMap((reading) => [...reading.settings]));
  const values = readValues(settings, faults);
  const config = resolveConfig(values, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return { config, secrets: resolveSecrets(values) };
}
