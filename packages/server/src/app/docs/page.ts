import type {
  ApiContent,
  ApiOperation,
  ApiParameter,
  ApiResponse,
  OpenApiDocument,
  Reference,
} from '@entrepot/contract/openapi';
import { type Html, html } from './html.ts';
import { describeFields, describeType, meaningOf, schemaAnchor } from './schema-html.ts';

interface Operation extends ApiOperation {
  readonly method: string;
  readonly path: string;
}

export interface PageOptions {
  readonly isNotYet: (operation: { readonly operationId: string; readonly tag: string }) => boolean;
}

/**
 * The document as one HTML page: groups, operations with parameters, permission and answers, and schemas. It needs no
 * script and nothing from elsewhere; its style sheet and the document are beside it, under `docs/`.
 */
export function renderDocsPage(document: OpenApiDocument, options: PageOptions): string {
  const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
  );
  const groups = [...Map.groupBy(operations, ({ tags: [tag] }) => tag)];
  const { info, components } = document;
  const missing = operations.filter((operation) => isMissing(operation, options)).length;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} ${info.version}: management API</title>
<link rel="stylesheet" href="docs/style.css">
</head>
<body>
<header>
<h1>${info.title} ${info.version}: management API</h1>
${info.description.split('\n\n').map((text) => html`<p>${withCode(text)}</p>`)}
<p>${operations.length} operations, of which ${missing} are not in this release yet and answer 501.
The same as a document for programs: <a href="docs/openapi.json">openapi.json</a> (OpenAPI ${document.openapi}).</p>
</header>
<nav aria-label="Groups">
<ul>
${groups.map(
  ([tag, own]) => html`<li><a href="#${groupAnchor(tag)}">${tag}</a> (${own.length})</li>
`,
)}<li><a href="#schemas">Schemas</a> (${Object.keys(components.schemas).length})</li>
</ul>
</nav>
<main>
${groups.map(
  ([tag, own]) => html`<section aria-labelledby="${groupAnchor(tag)}">
<h2 id="${groupAnchor(tag)}">${tag}</h2>
${own.map((operation) => renderOperation(operation, document, options))}</section>
`,
)}<section aria-labelledby="schemas">
<h2 id="schemas">Schemas</h2>
${Object.entries(components.schemas).map(
  ([name, schema]) => html`<details><summary><code>${name}</code></summary>
<div id="${schemaAnchor(name)}">${describeFields(schema) ?? html`<p>${describeType(schema)}</p>`}</div></details>
`,
)}</section>
</main>
</body>
</html>
`.html;
}

function renderOperation(operation: Operation, document: OpenApiDocument, options: PageOptions): Html {
  const { operationId, method, path, summary, deprecated, requestBody } = operation;
  return html`<details><summary><span class="method">${method}</span> <code>${path}</code>${
    deprecated === true && html` <span class="mark">deprecated</span>`
  }${isMissing(operation, options) && html` <span class="mark">not yet</span>`}<span class="what">${summary}</span></summary>
<div id="operation-${operationId}">
<p>Operation <code>${operationId}</code>. ${permissionText(operation)}</p>
${renderParameters(operation, document)}${
  requestBody &&
  renderContent(requestBody.required ? 'Request body' : 'Request body, may be left out', requestBody.content)
}${renderResponses(operation, document)}</div></details>
`;
}

function renderParameters({ parameters = [] }: Operation, document: OpenApiDocument): Html | false {
  const all = parameters.map((one) => resolve(one, document.components.parameters));
  const row = (one: ApiParameter) => html`<tr><th scope="row"><code>${one.name}</code>${
    one.required && html` <span class="mark">required</span>`
  }</th><td>${one.in}</td><td>${describeType(one.schema)}</td><td>${meaningOf({ ...one.schema, description: one.description })}</td></tr>
`;
  return (
    all.length > 0 &&
    html`<table><caption>Parameters</caption>
<thead><tr><th scope="col">Name</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead>
<tbody>${all.map(row)}</tbody></table>
`
  );
}

function renderResponses({ responses }: Operation, document: OpenApiDocument): Html {
  const all = Object.entries(responses).map(
    ([status, one]) => [status, resolve(one, document.components.responses)] as const,
  );
  const row = ([status, { description, headers = {}, content = {} }]: readonly [string, ApiResponse]) => {
    const bodies = Object.entries(content).map(
      ([type, { schema }]) => html`${describeType(schema)}${type !== 'application/json' && html` as ${type}`}`,
    );
    const sent = Object.keys(headers);
    return html`<tr><th scope="row">${status}</th><td>${description}</td><td>${bodies}${
      sent.length > 0 && html`${bodies.length > 0 && '; '}headers <code>${sent.join(', ')}</code>`
    }</td></tr>
`;
  };
  return html`<table><caption>Answers</caption>
<thead><tr><th scope="col">Status</th><th scope="col">Meaning</th><th scope="col">Body</th></tr></thead>
<tbody>${all.map(row)}</tbody></table>
`;
}

function renderContent(title: string, content: ApiContent): Html {
  return html`${Object.entries(content).map(
    ([type, { schema }]) => html`<p><strong>${title}</strong> (${type}): ${describeType(schema)}</p>
${describeFields(schema)}`,
  )}`;
}

function permissionText({ security, 'x-permission': permission }: Operation): Html {
  const open = security.some((one) => Object.keys(one).length === 0);
  if (permission === undefined) return html`Needs no credentials.`;
  if (permission.name === 'authenticated') return html`Needs valid credentials, whosever.`;
  const places: Readonly<Record<string, string>> = {
    project: ' in the project',
    system: ' in the whole registry',
    object: ' where the thing belongs to',
  };
  return html`Needs the permission <code>${permission.name}</code>${places[permission.at ?? '']}${
    open && html`, which everybody has in a public project`
  }.`;
}

function isMissing({ operationId, tags: [tag] }: Operation, { isNotYet }: PageOptions): boolean {
  return isNotYet({ operationId, tag });
}

function resolve<T extends object>(one: T | Reference, components: Readonly<Record<string, T>>): T {
  if (!('$ref' in one)) return one;
  const found = components[one.$ref.slice(one.$ref.lastIndexOf('/') + 1)];
  if (found === undefined) throw new Error(`${one.$ref} leads nowhere.`);
  return found;
}

/** Text with code between backticks. */
function withCode(text: string): Html {
  return html`${text.split('`').map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`))}`;
}

function groupAnchor(tag: string): string {
  return `group-${tag.replaceAll(/\W/g, '-')}`;
}
