import { verifyAudit } from '@entrepot/contract/entrepot/audit';
import type { CliContext } from '#src/context';
import { UsageError } from '#src/failures/failures';
import type { CallAnswer } from '#src/management/client';
import { type ReachOptions, reachManagement } from '#src/management/reach';
import { formatFields } from '#src/output/table';
import { type OutputFormat, writeResult } from '#src/output/write-result';

/** The audit is not what it was. */
class AuditBroken extends Error {
  override readonly name = 'AuditBroken';
}

interface VerifyOptions extends ReachOptions {
  readonly expect: string | undefined;
  readonly output: OutputFormat;
}

type Purge = CallAnswer<typeof verifyAudit>['body']['purges'][number];

function describePurge({ at, actor, before, actions, upTo, removed, finished }: Purge): string {
  const kinds = actions.length === 0 ? '' : ` (${actions.join(', ')})`;
  const state = finished ? '' : ', not finished';
  return `${at} by ${actor}: ${removed} rows before ${before}, up to row ${upTo}${kinds}${state}`;
}

/** Has the whole audit verified and writes the verdict. Rejects when it is bad, with UsageError, and as the API does. */
export async function writeVerification(options: VerifyOptions, context: CliContext): Promise<void> {
  const { expect } = options;
  if (expect !== undefined && !/^[0-9a-f]{64}$/.test(expect)) {
    throw new UsageError(`--expect is ${JSON.stringify(expect)}; expected a head: 64 hexadecimal digits`);
  }
  using client = await reachManagement(options, context);
  const { body } = await client.call(verifyAudit, { query: expect === undefined ? {} : { expect } });
  const { rows, head, verified, firstBad, unchained, purgedRows, purges } = body;
  await writeResult(context, options.output, body, () =>
    formatFields([
      ['Verified', verified ? 'yes' : 'NO'],
      ['Rows', String(rows)],
      ['Head', head],
      ['Purged rows', purgedRows === 0 ? undefined : String(purgedRows)],
      ...purges.map((purge): [string, string] => ['Purge', describePurge(purge)]),
      ['Not chained yet', unchained === 0 ? undefined : String(unchained)],
      ['First bad', firstBad && `rows ${firstBad.firstId} to ${firstBad.lastId}: ${firstBad.reason}`],
    ]),
  );
  if (!verified) {
    throw new AuditBroken(
      `the audit of ${client.registry} is not what it was: ${firstBad?.reason ?? 'it was changed'}`,
    );
  }
}
