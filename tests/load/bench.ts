// `npm run bench`: Entrepot side by side with Debian's docker-registry, on the same machine and disk, in one run.
import { availableParallelism, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { mustRun } from '#support/program';
import { needTools } from '#support/system-tool';
import { measureArtifacts } from './artifacts.ts';
import { measureBlobs } from './blobs.ts';
import { measureCollection } from './collection.ts';
import { measureDrill } from './drill.ts';
import { measureGrowth } from './growth.ts';
import { measureImports } from './imports.ts';
import { measureManifests } from './manifests.ts';
import type { Pace } from './pace.ts';
import { measureDecisions } from './permissions.ts';
import { measurePushes } from './pushes.ts';
import { measureQuotas } from './quotas.ts';
import { renderSection, type Section, writeSection } from './report.ts';
import { measureMemory } from './resident.ts';
import { measureStart } from './startup.ts';
import { measureWorkers } from './workers.ts';

const parts: Readonly<Record<string, (pace: Pace) => Promise<Section>>> = {
  manifests: measureManifests,
  blobs: measureBlobs,
  pushes: measurePushes,
  memory: measureMemory,
  start: measureStart,
  growth: measureGrowth,
  artifacts: measureArtifacts,
  workers: measureWorkers,
  quota: measureQuotas,
  import: measureImports,
  permissions: measureDecisions,
  collection: measureCollection,
  drill: measureDrill,
};

const usage = `npm run bench -- [--quick] [--rounds N] [--write FILE] [${Object.keys(parts).join('|')} …]
Prints Markdown; --write puts each part between its markers in a Markdown file as well.`;

async function describeMachine(): Promise<string> {
  const version = /v?\d+\.\d+\.\d+\S*/.exec(await mustRun('docker-registry', ['--version']))?.[0] ?? 'unknown';
  const memory = Number(/^MemTotal:\s+(\d+)/m.exec(await mustRun('cat', ['/proc/meminfo']))?.[1]) / 1024 / 1024;
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const system = `Linux ${release().split('-')[0]}, Node ${process.version}, docker-registry ${version}`;
  return `Measured on ${new Date().toISOString().slice(0, 10)}: ${availableParallelism()} × ${processor}, ${memory.toFixed()} GiB of memory, ${system}. Servers and clients share the processors. Ratios are safer than the absolute figures.`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      write: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const unknown = positionals.filter((name) => !(name in parts));
  if (values.help || unknown.length > 0) {
    console.log(usage);
    return values.help ? 0 : 2;
  }
  const missing = await needTools(['docker-registry', 'wrk', 'nginx', 'skopeo']);
  if (missing !== undefined) {
    console.error(`Cannot measure: ${missing}`);
    return 1;
  }
  const pace: Pace = {
    quick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    seconds: values.quick ? 2 : 4,
    log: (line) => console.error(line),
  };
  const sections = [{ name: 'machine', text: await describeMachine() }];
  for (const [name, measure] of Object.entries(parts)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`— ${name}`);
    sections.push({ name, text: renderSection(await measure(pace)) });
  }
  for (const { name, text } of sections) {
    console.log(`${text}\n`);
    if (values.write !== undefined) await writeSection(values.write, name, text);
  }
  return 0;
}

process.exitCode = await main();
