import type { CliContext } from '#src/context';

interface OptionBase {
  /** As commander and the reference write them: `-o, --output <format>`. */
  readonly flags: string;
  readonly describes: string;
  /** The variable that is read when the option is not given. */
  readonly env?: string;
}

/** An option as data. The value's type follows from the kind. */
export type OptionSpec = OptionBase &
  (
    | { readonly kind: 'flag' }
    | { readonly kind: 'text'; readonly default?: string }
    /** May be given several times. */
    | { readonly kind: 'list' }
    | { readonly kind: 'integer'; readonly min: number; readonly max: number; readonly default?: number }
    | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default?: string }
  );

/** A positional argument. Only the last one may be `many` or `optional`. */
export interface ArgumentSpec {
  readonly kind: 'one' | 'optional' | 'many';
  readonly describes: string;
  /** What the shell completes in its place. */
  readonly completes?: 'host' | 'reference' | 'location' | 'verb';
  readonly choices?: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly does: string;
}

type OptionValue<Spec extends OptionSpec> = Spec extends { readonly kind: 'flag' }
  ? boolean
  : Spec extends { readonly kind: 'list' }
    ? readonly string[]
    : Spec extends { readonly kind: 'integer' }
      ? number | (Spec extends { readonly default: number } ? never : undefined)
      : Spec extends { readonly kind: 'choice'; readonly choices: readonly (infer Choice)[] }
        ? Choice | (Spec extends { readonly default: string } ? never : undefined)
        : string | (Spec extends { readonly default: string } ? never : undefined);

export type OptionValues<Specs extends Readonly<Record<string, OptionSpec>>> = {
  readonly [Name in keyof Specs]: OptionValue<Specs[Name]>;
};

export type ArgumentValues<Specs extends Readonly<Record<string, ArgumentSpec>>> = {
  readonly [Name in keyof Specs]: Specs[Name]['kind'] extends 'many'
    ? readonly string[]
    : Specs[Name]['kind'] extends 'optional'
      ? string | undefined
      : string;
};

export interface VerbCall<
  Arguments extends Readonly<Record<string, ArgumentSpec>>,
  Options extends Readonly<Record<string, OptionSpec>>,
> {
  readonly arguments: ArgumentValues<Arguments>;
  readonly options: OptionValues<Options>;
}

/** One verb of the command line: what it takes, as data, and what it does. The names of options are their long flags. */
export interface VerbSpec<
  Arguments extends Readonly<Record<string, ArgumentSpec>>,
  Options extends Readonly<Record<string, OptionSpec>>,
> {
  readonly name: string;
  /** What it does, in sentences. */
  readonly description: string;
  readonly arguments: Arguments;
  readonly options: Options;
  readonly examples: readonly Example[];
  run(call: VerbCall<Arguments, Options>, context: CliContext): Promise<void>;
}

type AnyArguments = Readonly<Record<string, ArgumentSpec>>;
type AnyOptions = Readonly<Record<string, OptionSpec>>;

/** A verb whose kinds of values are no longer known to the compiler. */
export interface Verb extends Omit<VerbSpec<AnyArguments, AnyOptions>, 'run'> {
  run(call: { arguments: unknown; options: unknown }, context: CliContext): Promise<void>;
}

/** Types the values that a verb's `run` gets after its specification. Never fails. */
export function defineVerb<const Arguments extends AnyArguments, const Options extends AnyOptions>(
  spec: VerbSpec<Arguments, Options>,
): Verb {
  return spec as unknown as Verb;
}

/** The name under which an option's value is found: `--plain-http` is `plainHttp`. Never fails. */
export function optionName(spec: OptionSpec): string {
  const long = /--([a-z0-9-]+)/.exec(spec.flags)?.[1] ?? '';
  return long.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A positional argument as usage lines write it. Never fails. */
export function argumentSyntax(name: string, spec: ArgumentSpec): string {
  const plain = spec.kind === 'many' ? `${name}...` : name;
  return spec.kind === 'optional' ? `[${plain}]` : `<${plain}>`;
}
