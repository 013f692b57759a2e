#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/** Compiled code is kept among the user's own files: a cache in the shared temporary folder could be anybody's. */
function keepCompiledCode(): void {
  const { XDG_CACHE_HOME: cache, HOME: home, NODE_COMPILE_CACHE: chosen } = process.env;
  const folder = cache || (home ? join(home, '.cache') : undefined);
  if (chosen === undefined && folder !== undefined) {
    enableCompileCache(join(folder, 'entrepot', 'compiled'));
  }
}

/**
 * Each upload that is synced holds a thread of libuv's, of which there are four unless told otherwise before the first is
 * started; the log of the database would wait behind them.
 */
function widenThreadPool(): void {
  process.env['UV_THREADPOOL_SIZE'] ??= '16';
}

async function main(args: readonly string[]): Promise<number> {
  const [verb, ...rest] = args;
  const asksHelp = rest.some((arg) => arg === '-h' || arg === '--help');
  // Whoever starts the registry waits for it, so nothing else is loaded on that way.
  if (verb === 'serve' && !asksHelp) {
    const { serve } = await import('./commands/serve.ts');
    return serve(rest);
  }
  if (verb === 'worker' && !asksHelp) {
    const { work } = await import('./commands/worker.ts');
    return work(rest);
  }
  const { runProcess } = await import('./run-process.ts');
  return runProcess(args);
}

keepCompiledCode();
widenThreadPool();
process.exitCode = await main(process.argv.slice(2));
