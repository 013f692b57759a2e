import { RegistryError } from '#kernel/errors';
import type { LabelFields } from './types.ts';

const color = /^(?:#(?:[0-9a-f]{3}|[0-9a-f]{6}))?$/i;

/** Throws `body-invalid` where a label cannot be as it is given; answers with its name trimmed. */
export function checkLabel(fields: LabelFields): LabelFields {
  const name = fields.name.trim();
  if (name === '' || /\p{Cc}/u.test(name)) {
    throw new RegistryError('body-invalid', 'body.name: a label has a name of visible characters.');
  }
  if (!color.test(fields.color)) {
    throw new RegistryError('body-invalid', 'body.color: write it as #rrggbb, or leave it out.');
  }
  if (fields.description.includes('\0')) {
    throw new RegistryError('body-invalid', 'body.description: may not hold a NUL.');
  }
  return { ...fields, name };
}
