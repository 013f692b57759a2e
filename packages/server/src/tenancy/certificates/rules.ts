import { createGlob } from '#kernel/glob';

/** Which name of a certificate is looked at. */
type NameKind = 'uri' | 'dns' | 'email' | 'cn';

/** Whom a certificate stands for. */
export interface CertificateTarget {
  readonly kind: 'user' | 'robot';
  /** As it signs in: `anna`, `robot$team+builder`. */
  readonly name: string;
}

export interface CertificateRule {
  readonly matches: (names: CertificateNames) => boolean;
  readonly target: CertificateTarget;
}

/** The names that somebody's certificate holds. */
export interface CertificateNames {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emails: readonly string[];
  readonly commonName: string | undefined;
}

const grammar = /^(uri|dns|email|cn)=(\S+)\s+(user|robot)=(\S+)$/;

/** Names of hosts and mailboxes are the same in any case. */
const readNames: Readonly<Record<NameKind, (names: CertificateNames) => readonly string[]>> = {
  uri: ({ uris }) => uris,
  dns: ({ dnsNames }) => dnsNames.map((name) => name.toLowerCase()),
  email: ({ emails }) => emails.map((name) => name.toLowerCase()),
  cn: ({ commonName }) => (commonName === undefined ? [] : [commonName]),
};

/**
 * Reads rules such as `uri=spiffe://prod/ns/team/sa/* robot=robot$team+builder; cn=ops-* user=ops`: which name of a
 * certificate stands for whom, in the order they are asked. A star matches anything but a slash. Throws `TypeError` with
 * a sentence for what is no rule, and for one that every certificate meets.
 */
export function readCertificateRules(text: string): readonly CertificateRule[] {
  const lines = text.split(/[;\n]/).map((line) => line.trim());
  return lines.filter((line) => line !== '').map(readRule);
}

function readRule(line: string): CertificateRule {
  const [, kind, pattern = '', targetKind, name = ''] = grammar.exec(line) ?? [];
  if (kind === undefined || targetKind === undefined) {
    throw new TypeError(
      `${JSON.stringify(line)} is no rule: write uri=, dns=, email= or cn= and a pattern, then user= or robot= and a name.`,
    );
  }
  if (!/[^*?/.{},@]/.test(pattern)) throw new TypeError(`${JSON.stringify(pattern)} lets every certificate in.`);
  const isFolded = kind === 'dns' || kind === 'email';
  const matches = createGlob(isFolded ? pattern.toLowerCase() : pattern);
  return {
    matches: (names) => readNames[kind as NameKind](names).some(matches),
    target: { kind: targetKind as CertificateTarget['kind'], name },
  };
}
