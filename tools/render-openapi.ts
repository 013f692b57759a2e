// docs/reference/openapi.json: the document that a registry serves under /api/docs/openapi.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiDocument } from '@entrepot/contract/api-document';
import { repositoryRoot } from './run-command.ts';

/** With one line for each value, so that a change is seen as what it is. */
export function renderOpenApi(): string {
  const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as { version: string };
  return `${JSON.stringify(apiDocument(version), null, 1)}\n`;
}
