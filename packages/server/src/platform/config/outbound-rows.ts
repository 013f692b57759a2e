import type { ConfigRow } from './row.ts';

/** What the registry itself asks of others: webhooks, other registries, scanners. */
export const outboundRows = [
  {
    key: 'outbound.allow',
    kind: 'targets',
    default: '',
    absent: 'none',
    explanation:
      'Hosts (`host` or `host:port`), addresses and networks that webhooks, other registries and scanners may be reached at although they are internal. Everything on this machine, in private networks and in reserved ones is refused without it.',
    example: 'registry.internal, 10.20.0.0/16',
  },
  {
    key: 'outbound.ports',
    kind: 'ports',
    default: '80, 443, 1024-65535',
    explanation: 'Ports that may be asked. A `host:port` of `outbound.allow` is allowed whatever stands here.',
    example: '443, 8000-8999',
  },
] as const satisfies readonly ConfigRow[];
