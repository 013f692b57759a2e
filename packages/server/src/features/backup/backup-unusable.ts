/** A backup, or the place of one, cannot be used as asked. The message says which part, why, and what to do. */
export class BackupUnusable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'BackupUnusable';
  }
}
