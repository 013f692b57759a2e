import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { BackupUnusable } from './backup-unusable.ts';
import { gather, type Place } from './place.ts';

type Role = 'backup' | 'ship' | 'prune';

/** What somebody at work in a place says of himself, so that nothing is removed that he counts on. */
interface UserFacts {
  readonly role: Role;
  readonly host: string;
  readonly pid: number;
  /** When he last said so. */
  readonly at: number;
}

export interface PlaceUser extends AsyncDisposable {}

const userFolder = 'using/';
const renewMs = 30_000;
/** Who was silent for so long is gone. */
const goneMs = 120_000;

/** Two pruners, two registries that ship, and pruning beside anything else do not go together. */
const refusals: Readonly<Record<Role, Partial<Record<Role, string>>>> = {
  backup: { prune: 'Old backups are being removed there: try again in a moment' },
  ship: {
    ship: 'Another registry ships its changes there: choose another place, or stop it',
    prune: 'Old backups are being removed there',
  },
  prune: {
    backup: 'A backup is being made there: try again when it has ended',
    ship: 'A registry ships its changes there and removes what is old by itself, as backup.keep says',
    prune: 'Old backups are being removed there already',
  },
};

/**
 * Says that somebody is at work in the place, until it is disposed. Rejects with `BackupUnusable` when somebody else is
 * whose work does not go with it. `beside` are roles that are his own.
 */
export async function enterPlace(place: Place, role: Role, beside: readonly Role[] = []): Promise<PlaceUser> {
  const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
  const name = `${userFolder}${role}-${host}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const { folder } = place;
  const say = async () => {
    const facts: UserFacts = { role, host, pid: process.pid, at: Date.now() };
    await folder.write(name, Readable.from([Buffer.from(JSON.stringify(facts))]));
  };
  await say();
  const timer = setInterval(() => void say().catch(() => undefined), renewMs);
  timer.unref();
  const leave = async () => {
    clearInterval(timer);
    await folder.remove(name);
  };
  try {
    for (const other of await listUsers(place, name)) {
      const isOwn = other.pid === process.pid && other.host === host && beside.includes(other.role);
      const refusal = isOwn ? undefined : refusals[role][other.role];
      if (refusal !== undefined) {
        throw new BackupUnusable(`${refusal} (${folder.description}, process ${other.pid} on ${other.host}).`);
      }
    }
  } catch (error) {
    await leave().catch(() => undefined);
    throw error;
  }
  return { [Symbol.asyncDispose]: leave };
}

async function listUsers({ folder }: Place, own: string): Promise<readonly UserFacts[]> {
  const users: UserFacts[] = [];
  const names: string[] = [];
  for await (const { name } of folder.list(userFolder)) if (name !== own) names.push(name);
  for (const name of names) {
    try {
      const facts = JSON.parse((await gather(await folder.read(name))).toString()) as UserFacts;
      if (isThere(facts)) users.push(facts);
      else await folder.remove(name);
    } catch {
      // He left while we looked.
    }
  }
  return users;
}

function isThere({ host, pid, at }: UserFacts): boolean {
  if (Date.now() - at > goneMs) return false;
  if (host !== hostname().replaceAll(/[^A-Za-z0-9-]/g, '-')) return true;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
}
