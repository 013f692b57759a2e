import { connect } from 'node:tls';

const patienceMs = 3000;

/** True for the names of this machine itself. Never fails. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.[0-9]+){3}$/.test(hostname)
  );
}

/** Tries a TLS handshake, whatever the certificate; false when it fails for any reason. Never rejects. */
export function speaksHttps(registry: string, signal: AbortSignal): Promise<boolean> {
  const { hostname, port } = new URL(`https://${registry}`);
  return new Promise((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 443),
      rejectUnauthorized: false,
      timeout: patienceMs,
    });
    const decide = (answer: boolean) => {
      signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(answer);
    };
    const giveUp = () => decide(false);
    signal.addEventListener('abort', giveUp, { once: true });
    socket
      .once('secureConnect', () => decide(true))
      .once('error', giveUp)
      .once('timeout', giveUp)
      .once('close', giveUp);
  });
}
