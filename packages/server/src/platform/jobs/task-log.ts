/** So many characters of a task's log are kept, over all its runs. */
const most = 128 * 1024;
const longestLine = 4096;
const ending = 'The log ends here: it became too long.\n';

/** Lines of one run that wait to be written. */
export interface TaskLog {
  add(line: string): void;
  /** What was added since the last call. */
  take(): string;
}

/** `size` is what earlier runs left. */
export function createTaskLog(size: number, clock: () => number): TaskLog {
  let written = size;
  let pending = '';
  return {
    add(line) {
      if (written >= most) return;
      // Line ends and other control characters of what others sent do not make lines of their own.
      const text = line.slice(0, longestLine).replaceAll(/\p{Cc}/gu, ' ');
      pending += `${new Date(clock()).toISOString()} ${text}\n`;
      written += text.length + 26;
      if (written >= most) pending += ending;
    },
    take() {
      const taken = pending;
      pending = '';
      return taken;
    },
  };
}
