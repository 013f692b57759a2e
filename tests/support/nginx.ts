import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import { endWithThisProcess, mustRun } from './program.ts';
import { repositoryRoot } from './server-process.ts';
import { findProgram } from './system-tool.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

/** The nginx of `deploy/nginx/entrepot.conf` in front of a registry, on loopback, with a certificate of its own. */
export interface Nginx extends AsyncDisposable {
  /** Host and port of the TLS side. */
  readonly host: string;
  /** Host and port of the side that only redirects. */
  readonly plainHost: string;
  readonly certificate: string;
  /** Where nginx would keep bodies that it does not stream. */
  readonly bodies: string;
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });
}

async function makeCertificate(folder: string): Promise<{ certificate: string; key: string }> {
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  await mustRun('openssl', ['req', '-x509', ...curve, ...names, '-days', '2', '-keyout', key, '-out', certificate]);
  return { certificate, key };
}

/** Our example with the places that an installation fills in filled in. */
async function fillIn(values: {
  upstream: string;
  port: number;
  plainPort: number;
  certificate: string;
  key: string;
}): Promise<string> {
  const example = await readFile(join(repositoryRoot, 'deploy/nginx/entrepot.conf'), 'utf8');
  const replacements: readonly (readonly [RegExp, string])[] = [
    [/listen \[::\]:.*;\n/g, '\n'],
    [/listen 80;/, `listen 127.0.0.1:${values.plainPort};`],
    [/listen 443 ssl/, `listen 127.0.0.1:${values.port} ssl`],
    [/server 127\.0\.0\.1:5080;/, `server ${values.upstream};`],
    [/server_name .*;/g, 'server_name 127.0.0.1 localhost;'],
    [/ssl_certificate .*;/, `ssl_certificate ${values.certificate};`],
    [/ssl_certificate_key .*;/, `ssl_certificate_key ${values.key};`],
  ];
  return replacements.reduce((text, [pattern, replacement]) => {
    if (!text.match(pattern)) throw new Error(`deploy/nginx/entrepot.conf has no ${pattern}`);
    return text.replace(pattern, replacement);
  }, example);
}

/** Starts nginx in front of the registry at `upstream` (host and port). */
export async function startNginx(upstream: string): Promise<Nginx> {
  const program = await findProgram('nginx');
  if (program === undefined) throw new Error('nginx is not installed');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await makeTemporaryFolder('nginx'));
  const [port, plainPort] = [await findFreePort(), await findFreePort()];
  const { certificate, key } = await makeCertificate(folder.path);
  const bodies = join(folder.path, 'bodies');
  await mkdir(bodies);
  await writeFile(join(folder.path, 'entrepot.conf'), await fillIn({ upstream, port, plainPort, certificate, key }));
  const settings = join(folder.path, 'nginx.conf');
  const temporary = ['proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder.path}/${name};`);
  await writeFile(
    settings,
    `daemon off; master_process off; pid ${folder.path}/pid; error_log stderr warn;
events { worker_connections 256; }
http { access_log off; client_body_temp_path ${bodies}; ${temporary.join(' ')} include ${folder.path}/entrepot.conf; }
`,
  );
  await chmod(folder.path, 0o755);
  const child = spawn(program, ['-c', settings, '-e', 'stderr'], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithThisProcess(child);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-20_000)));
  }
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  for (let attempt = 0; !(await isListening(port)); attempt++) {
    if (attempt > 200 || child.exitCode !== null) throw new Error(`nginx did not answer:\n${log}`);
    await delay(20);
  }
  const whole = stack.move();
  return {
    host: `127.0.0.1:${port}`,
    plainHost: `127.0.0.1:${plainPort}`,
    certificate,
    bodies,
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  };
}
