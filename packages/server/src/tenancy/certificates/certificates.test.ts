import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserActor } from '#kernel/actor';
import { createTestClock } from '#testing/test-clock';
import { type CertificateNames, type CertificateTarget, readCertificateRules } from './rules.ts';
import { createCertificates } from './service.ts';

const nobody: CertificateNames = { uris: [], dnsNames: [], emails: [], commonName: undefined };
const rules = `
  uri=spiffe://prod/ns/*/sa/builder robot=robot$team+builder
  dns=*.nodes.example user=nodes; email=ops@x.example user=ops
  cn=gate-* user=gate
`;

const cases: { name: string; names: Partial<CertificateNames>; expected: string | undefined }[] = [
  { name: 'a workload', names: { uris: ['spiffe://prod/ns/team-a/sa/builder'] }, expected: 'robot$team+builder' },
  { name: 'a workload of a deeper path', names: { uris: ['spiffe://prod/ns/a/b/sa/builder'] }, expected: undefined },
  { name: 'a longer workload', names: { uris: ['spiffe://prod/ns/a/sa/builder2'] }, expected: undefined },
  { name: 'one of several names', names: { dnsNames: ['x.example', 'N1.Nodes.Example'] }, expected: 'nodes' },
  { name: 'a mailbox', names: { emails: ['Ops@x.example'] }, expected: 'ops' },
  { name: 'a common name', names: { commonName: 'gate-7' }, expected: 'gate' },
  { name: 'a name of another kind', names: { dnsNames: ['gate-7'], uris: ['ops@x.example'] }, expected: undefined },
  { name: 'no name', names: {}, expected: undefined },
  {
    name: 'several names',
    names: { commonName: 'gate-7', uris: ['spiffe://prod/ns/a/sa/builder'] },
    expected: 'robot$team+builder',
  },
];

for (const { name, names, expected } of cases) {
  test(`a certificate of ${name} stands for ${expected ?? 'nobody'}`, async () => {
    const found: CertificateTarget[] = [];
    const certificates = createCertificates({
      rules: readCertificateRules(rules),
      clock: () => 0,
      async findAccount(target) {
        found.push(target);
        return undefined;
      },
    });
    await certificates.find({ ...nobody, ...names });
    assert.equal(found[0]?.name, expected);
  });
}

test('an account that was disabled is nobody after half a minute', async () => {
  const time = createTestClock();
  const anna: UserActor = { kind: 'user', userId: 1, name: 'ops', admin: false };
  let account: UserActor | undefined = anna;
  const findAccount = async () => account;
  const certificates = createCertificates({ rules: readCertificateRules(rules), clock: time.clock, findAccount });
  const names = { ...nobody, emails: ['ops@x.example'] };
  assert.equal(await certificates.find(names), anna);
  account = undefined;
  assert.equal(await certificates.find(names), anna);
  time.advance(30_000);
  assert.equal(await certificates.find(names), undefined);
});

test('what is no rule, or lets everybody in, is refused with the line', () => {
  assert.deepEqual(readCertificateRules(' ;\n'), []);
  for (const [line, said] of [
    ['cn=x', /"cn=x" is no rule/],
    ['subject=x user=a', /no rule/],
    ['cn=x user=', /no rule/],
    ['cn=x group=a', /no rule/],
    ['cn=* user=a', /every certificate/],
    ['dns=*.* user=a', /every certificate/],
  ] as const) {
    assert.throws(() => readCertificateRules(line), said);
  }
});
