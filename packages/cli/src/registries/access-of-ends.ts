import type { CliContext } from '#src/context';
import type { Location } from '#src/locations/location';
import { type AccessOptions, readAccess, type RegistryAccess } from './registry-access.ts';

/** Options that hold for one end of a copy only. */
export interface EndOptions extends AccessOptions {
  readonly fromPlainHttp?: boolean;
  readonly fromInsecure?: boolean;
  readonly toPlainHttp?: boolean;
  readonly toInsecure?: boolean;
}

interface Ends {
  readonly from: RegistryAccess;
  readonly to: RegistryAccess;
}

/** How to reach two registries. Rejects as `readAccess` does. */
export async function readAccessOfHosts(
  { from, to }: { readonly from: string; readonly to: string },
  options: EndOptions,
  context: CliContext,
): Promise<Ends> {
  return apart(await readAccess(options, [from, to], context), options);
}

/** How to reach the two ends of a copy. Rejects as `readAccess` does. */
export async function readAccessOfEnds(
  ends: { readonly from: Location; readonly to: Location },
  options: EndOptions,
  context: CliContext,
): Promise<Ends> {
  const registries = [ends.from, ends.to].flatMap((end) => (end.kind === 'registry' ? [end.reference.registry] : []));
  return apart(await readAccess(options, registries, context), options);
}

function apart(access: RegistryAccess, options: EndOptions): Ends {
  const { plainHttp, insecure } = access;
  return {
    from: {
      ...access,
      plainHttp: plainHttp || options.fromPlainHttp === true,
      insecure: insecure || options.fromInsecure === true,
    },
    to: {
      ...access,
      plainHttp: plainHttp || options.toPlainHttp === true,
      insecure: insecure || options.toInsecure === true,
    },
  };
}
