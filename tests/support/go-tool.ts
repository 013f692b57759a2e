import { access, constants, mkdir, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { runProgram } from './program.ts';
import { findProgram } from './system-tool.ts';

/** Clients that Debian does not package but Go can build. */
const moduleOf = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.18.6',
  crane: 'github.com/google/go-containerregistry/cmd/crane@v0.20.7',
  oras: 'oras.land/oras/cmd/oras@v1.2.3',
  regctl: 'github.com/regclient/regclient/cmd/regctl@v0.9.2',
  cosign: 'github.com/sigstore/cosign/v2/cmd/cosign@v2.5.3',
  conformance: 'github.com/opencontainers/distribution-spec/conformance@967efdc',
} as const;

export type GoTool = keyof typeof moduleOf;

/** Either where the program lies, or why it cannot be had. */
export type FoundTool = { readonly path: string } | { readonly reason: string };

/** Built programs outlive the checkout, so that they are built once on a machine. */
function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'entrepot-tools');
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function build(go: string, tool: GoTool, folder: string): Promise<string | undefined> {
  const staging = join(folder, `.build-${tool}`);
  await mkdir(staging, { recursive: true });
  const env = { ...process.env, GOBIN: staging, CGO_ENABLED: '0', GOFLAGS: '-trimpath' };
  const { code, stderr } = await runProgram(go, ['install', moduleOf[tool]], { env, timeout: 900_000 });
  if (code !== 0) return `go install ${moduleOf[tool]} failed: ${stderr.trim().split('\n').at(-1)}`;
  const made = basename(moduleOf[tool].split('@')[0] ?? tool);
  await rename(join(staging, made), join(folder, tool));
  return undefined;
}

/**
 * Finds a client: named by `ENTREPOT_TEST_<TOOL>`, on the path, or built earlier. It is built (minutes) only with
 * `ENTREPOT_TEST_GO_TOOLS=1`.
 */
export async function findGoTool(tool: GoTool): Promise<FoundTool> {
  const named = process.env[`ENTREPOT_TEST_${tool.toUpperCase()}`];
  if (named !== undefined) return { path: named };
  const installed = tool === 'conformance' ? undefined : await findProgram(tool);
  if (installed !== undefined) return { path: installed };
  const folder = cacheFolder();
  const path = join(folder, tool);
  if (await isExecutable(path)) return { path };
  if (process.env['ENTREPOT_TEST_GO_TOOLS'] !== '1') {
    return { reason: `${tool} is neither installed nor built; ENTREPOT_TEST_GO_TOOLS=1 builds it with Go` };
  }
  const go = await findProgram('go');
  if (go === undefined) return { reason: `${tool} would be built with Go, and there is no go` };
  await mkdir(folder, { recursive: true });
  const fault = await withFileLock(join(folder, `${tool}.lock`), async () =>
    (await isExecutable(path)) ? undefined : build(go, tool, folder),
  );
  return fault === undefined ? { path } : { reason: fault };
}
