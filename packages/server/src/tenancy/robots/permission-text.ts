import { RegistryError } from '#kernel/errors';
import type { Permission } from '@entrepot/contract/permissions';
import { isGrantable } from './rules.ts';
import type { RobotPermission, RobotPlace } from './types.ts';

/** What a robot is given, as Harbor's clients write it. */
export interface PermissionText {
  readonly kind: 'system' | 'project';
  /** The name of a project, `*` for all of them, `/` for the registry itself. */
  readonly namespace?: string | null | undefined;
  readonly access: readonly {
    readonly resource: string;
    readonly action: string;
    readonly effect?: string | null | undefined;
  }[];
}

/** Reads what clients write. `findProject` answers with the id of a project by its name. Fails with `body-invalid`. */
export async function readPermissions(
  texts: readonly PermissionText[],
  findProject: (name: string) => Promise<number | undefined>,
): Promise<RobotPermission[]> {
  const read: RobotPermission[] = [];
  for (const [at, text] of texts.entries()) {
    const field = `body.permissions.${at}`;
    const place = await readPlace(text, field, findProject);
    if (read.some((other) => other.place === place)) throw invalid(`${field}: the place is named twice`);
    const allow: Permission[] = [];
    const deny: Permission[] = [];
    for (const { resource, action, effect } of text.access) {
      const permission = `${resource}:${action}`;
      if (!isGrantable(place, permission)) {
        throw invalid(`${field}: ${permission} cannot be given there; GET /api/v2.0/permissions lists what can`);
      }
      (effect === 'deny' ? deny : allow).push(permission);
    }
    read.push({ place, allow: [...new Set(allow)], deny: [...new Set(deny)] });
  }
  return read;
}

async function readPlace(
  { kind, namespace }: PermissionText,
  field: string,
  findProject: (name: string) => Promise<number | undefined>,
): Promise<RobotPlace> {
  if (kind === 'system') {
    if (namespace === '/' || namespace === '' || namespace === undefined || namespace === null) return 'system';
    throw invalid(`${field}.namespace: / for permissions of the kind system`);
  }
  if (namespace === '*') return 'every-project';
  const id = namespace === undefined || namespace === null ? undefined : await findProject(namespace);
  if (id === undefined) throw invalid(`${field}.namespace: there is no project ${namespace ?? ''} for you to name`);
  return id;
}

/** Writes it back. A project that is gone is left out: nothing can be done there any more. */
export async function writePermissions(
  permissions: readonly RobotPermission[],
  nameOfProject: (id: number) => Promise<string | undefined>,
): Promise<PermissionText[]> {
  const texts: PermissionText[] = [];
  for (const { place, allow, deny } of permissions) {
    const namespace = place === 'system' ? '/' : place === 'every-project' ? '*' : await nameOfProject(place);
    if (namespace === undefined) continue;
    const access = [
      ...allow.map((permission) => ({ ...split(permission), effect: 'allow' })),
      ...deny.map((permission) => ({ ...split(permission), effect: 'deny' })),
    ];
    texts.push({ kind: place === 'system' ? 'system' : 'project', namespace, access });
  }
  return texts;
}

function split(permission: Permission): { resource: string; action: string } {
  const [resource = '', action = ''] = permission.split(':');
  return { resource, action };
}

function invalid(message: string): RegistryError {
  return new RegistryError('body-invalid', `${message}.`);
}
