/** A rule that keeps tags where they are. */
export function immutableRuleBody(pattern: string): object {
  return {
    action: 'immutable',
    template: 'immutable_template',
    tag_selectors: [{ kind: 'doublestar', decoration: 'matches', pattern }],
    scope_selectors: { repository: [{ kind: 'doublestar', decoration: 'repoMatches', pattern: '**' }] },
  };
}

/** A policy that keeps everything. */
export function retentionBody(projectId: number): object {
  return {
    algorithm: 'or',
    rules: [{ action: 'retain', template: 'always', params: {} }],
    trigger: { kind: 'Schedule', settings: { cron: '' } },
    scope: { level: 'project', ref: projectId },
  };
}

/** A workload identity whose issuer need not be asked. */
export function workloadBody(robotId: number, name: string, jwks: object = examplePublicKeys): object {
  return {
    name,
    robot_id: robotId,
    issuer: 'https://cluster.example',
    audience: 'hub',
    conditions: [{ claim: 'sub', values: ['system:serviceaccount:team:builder'] }],
    jwks,
  };
}

/** The key of RFC 7517, appendix A.1. */
const examplePublicKeys = {
  keys: [
    {
      kty: 'EC',
      crv: 'P-256',
      kid: '1',
      alg: 'ES256',
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    },
  ],
};
