import { simulateRetention } from '@entrepot/contract/entrepot/retention';
import { byName } from '#src/management/find-one';
import { manageVerb } from '#src/management/manage-verb';
import { writeSize } from '#src/management/read-size';
import { readRule, ruleOf } from '#src/management/retention-rules';
import { formatTable } from '#src/output/table';

export const retentionSimulateVerb = manageVerb({
  name: 'retention simulate',
  description: 'Tell what the rules of a project, or others, would delete now, why, and how much that frees.',
  arguments: { PROJECT: { kind: 'one', describes: 'The name of the project.' } },
  options: {
    keep: { kind: 'list', flags: '--keep <rule>', describes: 'A rule to try in place of those of the project.' },
    repository: { kind: 'text', flags: '--repository <name>', describes: 'Only this one, named within the project.' },
    all: { kind: 'flag', flags: '-a, --all', describes: 'Show what is kept, too.' },
    limit: {
      kind: 'integer',
      flags: '-n, --limit <number>',
      describes: 'At most so many artifacts.',
      min: 1,
      max: 10_000,
      default: 1000,
    },
  },
  examples: [
    { does: 'See what the next run would delete', command: 'entrepot retention simulate team' },
    { does: 'Try a rule', command: 'entrepot retention simulate team --keep "latestPushedK=5 tags=v*" --all' },
  ],
  async work(client, { arguments: { PROJECT }, options: { keep, repository, all, limit } }) {
    const { body } = await client.call(simulateRetention, {
      params: { project_name_or_id: PROJECT },
      headers: byName,
      query: { limit, ...(repository !== undefined && { repository }) },
      body: keep.length === 0 ? {} : { rules: keep.map((one) => ruleOf(readRule(one))) },
    });
    const shown = body.artifacts.filter(({ verdict }) => all || verdict === 'delete');
    const rows = shown.map((one) => [
      one.verdict,
      `${one.repository}@${one.digest.slice(0, 19)}`,
      one.tags.slice(0, 5).join(', '),
      one.verdict === 'delete' ? writeSize(one.bytes_freed) : '',
      one.reason,
    ]);
    const table = rows.length === 0 ? '' : formatTable(['VERDICT', 'ARTIFACT', 'TAGS', 'FREES', 'WHY'], rows);
    const more = body.truncated ? `Not all are shown: see --limit.\n` : '';
    const sums = `${body.deleted} of ${body.total} artifacts would go, which frees ${writeSize(body.bytes_freed)}\n`;
    return { data: body, said: `${table}${more}${sums}` };
  },
});
