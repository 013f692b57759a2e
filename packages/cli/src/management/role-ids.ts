import { roleIds } from '@entrepot/contract/permissions';
import { UsageError } from '#src/failures/failures';

const names: Readonly<Record<string, number>> = {
  admin: roleIds.projectAdmin,
  maintainer: roleIds.maintainer,
  developer: roleIds.developer,
  guest: roleIds.guest,
  'limited-guest': roleIds.limitedGuest,
};

export const roleNames = Object.keys(names);

/** The id of a role that is one of Harbor's, or of one's own by its number. Throws UsageError. */
export function readRole(text: string): number {
  const known = Object.hasOwn(names, text) ? names[text] : undefined;
  if (known !== undefined) {
    return known;
  }
  if (/^[1-9]\d{0,8}$/.test(text)) {
    return Number(text);
  }
  throw new UsageError(
    `there is no role ${JSON.stringify(text)}`,
    `there are ${roleNames.join(', ')}, and your own by their id.`,
  );
}
