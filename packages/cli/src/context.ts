import type { Readable, Writable } from 'node:stream';

/** What a verb has of the world. Tests give it another one. */
export interface CliContext {
  readonly stdin: Readable;
  /** Data. */
  readonly stdout: Writable;
  /** Everything else: status, progress, warnings, failures. */
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the process is asked to end; its reason is an `InterruptError`. */
  readonly signal: AbortSignal;
}

/** True when the stream is a terminal that can move its cursor. Never fails. */
export function isTerminal(stream: Readable | Writable): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

/** Writes a line of status to where status goes. Never fails. */
export function tell(context: CliContext, line: string): void {
  context.stderr.write(`${line}\n`);
}

/** The folder of the user's own files; undefined where there is none. Never fails. */
export function homeFolder(env: CliContext['env']): string | undefined {
  return env['HOME'] || env['USERPROFILE'] || undefined;
}
