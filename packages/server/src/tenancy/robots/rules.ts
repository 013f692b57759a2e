import { randomInt } from 'node:crypto';
import { grantableInProject, grantableInSystem, type Permission } from '@entrepot/contract/permissions';
import type { RobotActor } from '#kernel/actor';
import { RegistryError } from '#kernel/errors';
import type { Robot, RobotPermission, RobotPlace } from './types.ts';

/** Lower case as the names of projects, so that the full name reads one way only. */
const namePattern = /^[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

const dayMs = 24 * 60 * 60 * 1000;
const secretLength = 32;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const secretSigns = `${letters}${letters.toLowerCase()}0123456789`;

const inProject: ReadonlySet<string> = new Set(grantableInProject);
const inSystem: ReadonlySet<string> = new Set(grantableInSystem);

function invalid(message: string): RegistryError {
  return new RegistryError('body-invalid', message);
}

/** Fails with `body-invalid` for a name that no robot can have. */
export function assertRobotName(name: string): void {
  if (name.length <= 255 && namePattern.test(name)) return;
  throw invalid('body.name: lower-case letters and digits, with single . _ - between them.');
}

/** Harbor's rule: 8 to 128 signs with an upper-case letter, a lower-case one and a digit. Fails with `body-invalid`. */
export function assertSecret(secret: string): void {
  const kinds = [/[A-Z]/, /[a-z]/, /\d/];
  if (secret.length >= 8 && secret.length <= 128 && kinds.every((kind) => kind.test(secret))) return;
  throw invalid('body.secret: 8 to 128 characters with an upper-case letter, a lower-case letter and a digit.');
}

/** A new secret that `assertSecret` takes, of some 190 bits. */
export function drawSecret(): string {
  for (;;) {
    const secret = Array.from({ length: secretLength }, () => secretSigns[randomInt(secretSigns.length)]).join('');
    if (/[A-Z]/.test(secret) && /[a-z]/.test(secret) && /\d/.test(secret)) return secret;
  }
}

/** Whether a robot can be given a permission in a place at all. */
export function isGrantable(place: RobotPlace, permission: string): permission is Permission {
  return (place === 'system' ? inSystem : inProject).has(permission);
}

/** What is left of a permission entry when what it denies is taken away. */
export function effective(given: RobotPermission): ReadonlySet<Permission> {
  const denied = new Set(given.deny);
  return new Set(given.allow.filter((permission) => !denied.has(permission)));
}

/** When a robot that is made or prolonged now ends; undefined for never. */
export function expiryOf(durationDays: number, now: number): number | undefined {
  return durationDays === -1 ? undefined : now + durationDays * dayMs;
}

/** The robot as one who acts. `prefix` is Harbor's setting `robot_name_prefix`. */
export function toActor(robot: Robot, prefix: string): RobotActor {
  return {
    kind: 'robot',
    robotId: robot.id,
    name: `${prefix}${robot.fullName}`,
    projectId: robot.projectId,
    grants: robot.permissions.map((given) => ({ place: given.place, permissions: effective(given) })),
    ...(robot.repositories === undefined ? {} : { repositories: robot.repositories }),
    ...(robot.addresses === undefined ? {} : { addresses: robot.addresses }),
  };
}

/** Whether it can sign in at all now. */
export function isAlive(robot: Robot, now: number): boolean {
  return !robot.disabled && (robot.expiresAt === undefined || robot.expiresAt > now);
}
