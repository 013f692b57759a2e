import { allRecords } from './all-records.ts';
import { type OpenApiDocument, openApiDocument } from './openapi.ts';

const description = `The management API of Entrepot: under \`/api/v2.0\` the operations of Harbor's API, with Harbor's names, paths and answers; under \`/api/entrepot/v1\` what Entrepot adds.

Lists come in pages (\`page\`, \`page_size\` of at most 100) with \`X-Total-Count\` and \`Link\`; \`q\` filters (\`name=~web,public=true\`) and \`sort\` orders (\`-creation_time\`). Failures are answered as \`{"errors":[{"code","message"}]}\`. Whoever may not read something gets the same 404 as if it were not there. The name of a repository stands percent-encoded in a path, a slash as \`%252F\`.`;

/** The OpenAPI document of everything that this release describes. */
export function apiDocument(version: string): OpenApiDocument {
  return openApiDocument(allRecords, { title: 'Entrepot', version, description });
}
