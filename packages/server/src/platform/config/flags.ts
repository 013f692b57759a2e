import type { ReadFile, Reading } from './reading.ts';
import { addUnknown, startReading, takeSecretFile, takeSetting } from './reading.ts';
import { configTable, findRowByVariable } from './table.ts';

/** Flags as a command line gives them. The name may be written `blobs.s3.bucket`, `blobs-s3-bucket` or `blobsS3Bucket`. */
export type ConfigFlags = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

function toVariable(name: string): string {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll(/[.-]/g, '_');
  return `ENTREPOT_${words.toUpperCase()}`;
}

function toFlag(name: string): string {
  return `--${toVariable(name).slice('ENTREPOT_'.length).toLowerCase().replaceAll('_', '-')}`;
}

/** Reads the flags; `config`, the path of the file, is read by the caller. */
export function readFlags(flags: ConfigFlags, readFile: ReadFile): Reading {
  const reading = startReading();
  for (const [name, value] of Object.entries(flags)) {
    if (value === undefined || name === 'config') continue;
    const text = Array.isArray(value) ? value.join(',') : String(value);
    const source = toFlag(name);
    const variable = toVariable(name);
    const row = findRowByVariable(variable) ?? configTable.find((known) => toVariable(known.key) === variable);
    const secret = variable.endsWith('_FILE') ? findRowByVariable(variable.slice(0, -'_FILE'.length)) : undefined;
    if (row !== undefined) {
      takeSetting(reading, row, { text, source });
    } else if (secret?.kind === 'secret') {
      takeSecretFile(reading, secret, { text, source }, readFile);
    } else {
      const known = configTable.map((other) => toFlag(other.key));
      addUnknown(reading, source, source, known, '--');
    }
  }
  return reading;
}
