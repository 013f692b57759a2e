// docs/reference/not-yet.md: the operations of Harbor's API that this release answers with 501.
import { harborRecords } from '@entrepot/contract/all-records';
import { isNotYet } from '@entrepot/server/not-yet';

/** From the same records and the same list as the registry itself. */
export function renderNotYetPage(): string {
  const missing = harborRecords.filter(isNotYet);
  const sections = [...Map.groupBy(missing, ({ tag }) => tag)].map(([tag, records]) => {
    const rows = records.map(
      ({ method, path, operationId, permission }) =>
        `| \`${operationId}\` | \`${method} ${path.replace('/api/v2.0', '')}\` | \`${permission}\` |`,
    );
    return `## ${tag}\n\n| Operation | Request | Permission |\n|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Operations that are not there yet

This page is generated from the list that the registry answers by; \`npm run generate\` writes it.

Of the ${harborRecords.length} operations of Harbor's management API that Entrepot describes, this release serves
${harborRecords.length - missing.length}. The others, ${missing.length}, are known to it and belong to later releases:

- Whoever may use the operation gets status 501 with the code \`NOT_IMPLEMENTED\` and a sentence that says what is missing.
- Whoever may not gets 401, 403 or 404, as from every other operation.
- The paths below begin with \`/api/v2.0\`.

${sections.join('\n')}`;
}
