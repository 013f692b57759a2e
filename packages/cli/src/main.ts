#!/usr/bin/env node
import { serveCommand } from './commands/serve.ts';

const [verb, ...rest] = process.argv.slice(2);
if (verb === 'serve') process.exitCode = await serveCommand(rest);
else process.exitCode = 2;
