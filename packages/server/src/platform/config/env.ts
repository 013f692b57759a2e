import type { ReadFile, Reading } from './reading.ts';
import { addUnknown, startReading, takeSecretFile, takeSetting } from './reading.ts';
import { configTable, findRowByVariable } from './table.ts';

const prefix = 'ENTREPOT_';
const fileSuffix = '_FILE';

/** Read by the client commands, or by the caller of this one. */
const othersVariables = new Set([
  'ENTREPOT_CONFIG',
  'ENTREPOT_HOST',
  'ENTREPOT_OUTPUT',
  'ENTREPOT_PASSWORD',
  'ENTREPOT_TOKEN',
  'ENTREPOT_USERNAME',
]);

/**
 * Kubernetes sets `ENTREPOT_SERVICE_HOST`, `ENTREPOT_PORT=tcp://…` and their like in every pod beside a service that is
 * called entrepot, or entrepot-something.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isServiceLink(name: string, value: string): boolean {
  return (
    /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name) ||
    /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
    (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  );
}

/** Reads the `ENTREPOT_*` variables. One that belongs to nobody is a fault: it is most often a misspelt key. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>, readFile: ReadFile): Reading {
  const reading = startReading();
  for (const [name, text] of Object.entries(env)) {
    if (text === undefined || !name.startsWith(prefix)) continue;
    const row = findRowByVariable(name);
    if (row !== undefined) {
      takeSetting(reading, row, { text, source: name });
      continue;
    }
    const secret = name.endsWith(fileSuffix) ? findRowByVariable(name.slice(0, -fileSuffix.length)) : undefined;
    if (secret?.kind === 'secret') {
      takeSecretFile(reading, secret, { text, source: name }, readFile);
      continue;
    }
    if (othersVariables.has(name) || name.startsWith('ENTREPOT_TEST_') || isServiceLink(name, text)) continue;
    addUnknown(reading, name, name, [...configTable.map((known) => known.env), ...othersVariables], prefix);
  }
  return reading;
}
