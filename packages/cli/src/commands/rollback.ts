import { rollbackTag } from '@entrepot/contract/entrepot/undo';
import { UsageError } from '#src/failures/failures';
import { splitTag } from '#src/management/deletions';
import { manageVerb } from '#src/management/manage-verb';
import { tagArgument } from '#src/management/named-in-registry';

export const rollbackVerb = manageVerb({
  name: 'rollback',
  description:
    'Point a tag at what it pointed at before its last change, and bring that back where it was deleted. Once more ' +
    'takes the rollback back.',
  arguments: { TAG: tagArgument },
  options: {
    to: { kind: 'text', flags: '--to <digest>', describes: 'To this manifest, which the tag pointed at once.' },
    before: {
      kind: 'text',
      flags: '--before <time>',
      describes: 'To where it pointed just before this time, as 2026-01-31T12:00:00Z.',
    },
    from: { kind: 'text', flags: '--from <digest>', describes: 'Only when it points at this manifest now.' },
  },
  examples: [
    { does: 'Take a bad release back', command: 'entrepot rollback team/app:live' },
    { does: 'Go to where it was last night', command: 'entrepot rollback team/app:live --before 2026-01-31T00:00:00Z' },
  ],
  async work(client, { arguments: { TAG }, options: { to, before, from } }) {
    if (to !== undefined && before !== undefined) {
      throw new UsageError('--to and --before exclude each other', 'give one of them, or neither');
    }
    const { body } = await client.call(rollbackTag, {
      params: splitTag(TAG),
      body: { ...(to !== undefined && { to }), ...(before !== undefined && { before: readTime(before) }) },
      ...(from !== undefined && { headers: { 'if-match': `"${from}"` } }),
    });
    const restored = body.restored === 0 ? '' : `, and ${body.restored} artifact(s) were brought back for it`;
    const said =
      body.from === body.to
        ? `${TAG} points at ${body.to} already\n`
        : `${TAG} points at ${body.to} again, not at ${body.from ?? 'nothing'}${restored}\n`;
    return { data: body, said };
  },
});

function readTime(text: string): string {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new UsageError(`--before ${text} is no time`, 'write it as 2026-01-31T12:00:00Z');
  return new Date(time).toISOString();
}
