/**
 * Why a directory gave no answer. `unreachable`: no server could be talked to, or it was too busy; trying later may help.
 * `misconfigured`: it answered that it will not do what the settings ask, and asking again will not help.
 */
export type DirectoryFault = 'unreachable' | 'misconfigured';

/** A directory that gave no answer. The message names no secret and may be shown to an administrator. */
export class DirectoryError extends Error {
  readonly fault: DirectoryFault;

  constructor(fault: DirectoryFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'DirectoryError';
    this.fault = fault;
  }
}
