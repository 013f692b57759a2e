import type { Descriptor, Platform } from './descriptor.ts';

/** The platform an image is wanted for. Without a variant the usual one of the architecture is meant. */
export interface WantedPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const otherNames = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['i386', '386'],
  ['armhf', 'arm'],
]);
const usualVariants = new Map([
  ['arm64', 'v8'],
  ['arm', 'v7'],
]);

/**
 * Reads `os/architecture[/variant]`, or an architecture alone for Linux; undefined when the text has another form.
 * Names of architectures that other tools use are brought to Go's, which images carry. Never throws.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants
 */
export function parsePlatform(text: string): WantedPlatform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.length > 3 || parts.some((part) => !/^[a-z0-9._-]{1,64}$/.test(part))) {
    return undefined;
  }
  const [os = '', named = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts;
  const architecture = otherNames.get(named) ?? named;
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/** Writes a platform as `os/architecture[/variant]`. Never fails. */
export function formatPlatform(platform: Platform): string {
  return [platform.os ?? 'unknown', platform.architecture ?? 'unknown', platform.variant]
    .filter((part) => part !== undefined && part !== '')
    .join('/');
}

/** True when an image for `platform` is what is wanted. An absent variant means the architecture's usual one. */
export function matchesPlatform(wanted: WantedPlatform, platform: Platform | undefined): boolean {
  if (platform?.os !== wanted.os || platform.architecture !== wanted.architecture) {
    return false;
  }
  const usual = usualVariants.get(wanted.architecture) ?? '';
  return (platform.variant || usual) === (wanted.variant ?? usual);
}

/** The first child of an index that runs on the platform; undefined when there is none. Never fails. */
export function findForPlatform(children: readonly Descriptor[], wanted: WantedPlatform): Descriptor | undefined {
  return children.find((child) => matchesPlatform(wanted, child.platform));
}
