import type { CliContext } from '#src/context';
import { listKnownHosts } from '#src/credentials/list-known-hosts';
import type { ArgumentSpec, OptionSpec, Verb } from './verb.ts';
import { findVerbName, nouns, verbTable } from './verb-table.ts';

/** Something the word under the cursor may become. */
interface Candidate {
  readonly value: string;
  readonly what: string;
}

interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether file names fit too. */
  readonly files: boolean;
}

const nothing: Completion = { candidates: [], files: false };
const transports = ['oci:', 'oci-archive:', 'docker-archive:'];

function flagsOf(spec: OptionSpec): readonly string[] {
  return spec.flags.match(/(?<![a-z-])--?[a-z][a-z0-9-]*/g) ?? [];
}

function findOption(verb: Verb, flag: string): OptionSpec | undefined {
  return Object.values(verb.options).find((spec) => flagsOf(spec).includes(flag));
}

function completeValue(spec: OptionSpec): Completion {
  if (spec.kind === 'choice') {
    return { candidates: spec.choices.map((value) => ({ value, what: '' })), files: false };
  }
  if (/platform/.test(spec.flags)) {
    const usual = ['linux/amd64', 'linux/arm64', 'linux/arm/v7', 'linux/s390x', 'linux/ppc64le', 'linux/riscv64'];
    return { candidates: usual.map((value) => ({ value, what: '' })), files: false };
  }
  return { candidates: [], files: /<(?:file|folder)>/.test(spec.flags) };
}

async function completeArgument(spec: ArgumentSpec | undefined, context: CliContext): Promise<Completion> {
  if (spec === undefined) {
    return nothing;
  }
  if (spec.choices !== undefined) {
    return { candidates: spec.choices.map((value) => ({ value, what: '' })), files: false };
  }
  if (spec.completes === undefined) {
    return nothing;
  }
  const hosts = await listKnownHosts(context);
  const end = spec.completes === 'host' ? '' : '/';
  const candidates = hosts.map((host) => ({ value: `${host}${end}`, what: 'registry' }));
  return spec.completes === 'location'
    ? { candidates: [...candidates, ...transports.map((value) => ({ value, what: 'files' }))], files: true }
    : { candidates, files: false };
}

/** The arguments before the cursor, options and their values left out. */
function findPlace(verb: Verb, words: readonly string[]): number {
  let place = 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const spec = word.startsWith('-') ? findOption(verb, word) : undefined;
    if (spec !== undefined && spec.kind !== 'flag') {
      at++;
    } else if (!word.startsWith('-')) {
      place++;
    }
  }
  return place;
}

async function completeInVerb(verb: Verb, before: readonly string[], last: string, context: CliContext) {
  const previous = findOption(verb, before.at(-1) ?? '');
  if (previous !== undefined && previous.kind !== 'flag') {
    return completeValue(previous);
  }
  if (last.startsWith('-')) {
    const options = Object.values(verb.options).map((spec) => ({
      value: flagsOf(spec).at(-1) ?? '',
      what: spec.describes,
    }));
    return { candidates: [...options, { value: '--help', what: 'Show help.' }], files: false };
  }
  const specs = Object.values(verb.arguments);
  const place = findPlace(verb, before);
  const spec = specs[place] ?? (specs.at(-1)?.kind === 'many' ? specs.at(-1) : undefined);
  return completeArgument(spec, context);
}

/** Nouns stand where their first verb does. */
function listFirstWords(): Candidate[] {
  const words = new Map(
    verbTable.map(({ name, summary }) => {
      const [first = ''] = name.split(' ');
      return [first, first === name ? summary : (nouns[first] ?? '')];
    }),
  );
  return [...words].map(([value, what]) => ({ value, what }));
}

function listVerbsOf(noun: string): Candidate[] {
  return verbTable
    .filter(({ name }) => name.startsWith(`${noun} `))
    .map(({ name, summary }) => ({ value: name.slice(noun.length + 1), what: summary }));
}

/**
 * Answers what the last of `words` may become: a candidate a line, a tab and what it is; `:files` where the shell should
 * offer files. Nothing is asked over the network. Rejects with CredentialError when a file of credentials is damaged.
 */
export async function complete(words: readonly string[], context: CliContext): Promise<string> {
  const last = words.at(-1) ?? '';
  const [first = ''] = words;
  const name = findVerbName(words);
  const entry = verbTable.find((verb) => verb.name === name);
  let completion: Completion = nothing;
  if (words.length <= 1 || first === 'help') {
    completion = { candidates: listFirstWords(), files: false };
  } else if (words.length === 2 && Object.hasOwn(nouns, first)) {
    completion = { candidates: listVerbsOf(first), files: false };
  } else if (entry !== undefined) {
    const before = words.slice(entry.name.split(' ').length, -1);
    completion = await completeInVerb(await entry.load(), before, last, context);
  }
  const lines = completion.candidates
    .filter(({ value }) => value.startsWith(last))
    .map(({ value, what }) => (what === '' ? value : `${value}\t${what}`));
  return [...lines, ...(completion.files ? [':files'] : [])].map((line) => `${line}\n`).join('');
}
