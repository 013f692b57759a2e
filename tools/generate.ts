// `npm run generate`: writes every file that is made from the source. tools/check-generated.ts compares.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configTable } from '#server/platform/config';
import { renderCliReference } from './render-cli-reference.ts';
import { renderConfigurationExample } from './render-configuration-example.ts';
import { renderConfigurationPage } from './render-configuration-page.ts';
import { renderNotYetPage } from './render-not-yet-page.ts';
import { renderOpenApi } from './render-openapi.ts';
import { repositoryRoot } from './run-command.ts';

interface GeneratedFile {
  /** Where it is committed, relative to the root. */
  readonly path: string;
  readonly render: () => string | Promise<string>;
}

/** One line per generated file. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'docs/reference/cli.md', render: renderCliReference },
  { path: 'docs/reference/configuration.md', render: () => renderConfigurationPage(configTable) },
  { path: 'docs/reference/entrepot.example.yaml', render: () => renderConfigurationExample(configTable) },
  { path: 'docs/reference/not-yet.md', render: renderNotYetPage },
  { path: 'docs/reference/openapi.json', render: renderOpenApi },
];

if (import.meta.main) {
  for (const { path, render } of generatedFiles) {
    const target = join(repositoryRoot, path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, await render());
    console.log(path);
  }
}
