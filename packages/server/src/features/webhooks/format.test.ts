import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DomainEvent } from '#kernel/events';
import { cloudEventType, eventTypeNames } from './event-types.ts';
import { formatMessage, signBody } from './format.ts';
import { isWanted } from './matching.ts';
import { toMessage } from './message.ts';
import type { Sending, WebhookPolicy } from './types.ts';

const base = { id: 'e-1', at: 1_767_225_600_123, projectId: 7, projectName: 'team', operator: 'ada' } as const;
const image = { ...base, repository: 'team/app/web', digest: 'sha256:ab' } as const;
const facts = { host: 'hub.example.com', isPublic: true, repositoryCreatedAt: 1_700_000_000_999 };

const dataOf = (event: DomainEvent) => toMessage(event, facts)?.data;

test('an artifact without a tag is named by its digest', () => {
  const event: DomainEvent = { ...image, kind: 'artifact-pushed', mediaType: 'm', tags: [] };
  assert.deepEqual(dataOf(event)?.['resources'], [
    { digest: 'sha256:ab', tag: 'sha256:ab', resource_url: 'hub.example.com/team/app/web@sha256:ab' },
  ]);
});

test('an artifact with several tags is a resource for each', () => {
  const event: DomainEvent = { ...image, kind: 'artifact-deleted', tags: ['a', 'b'] };
  const resources = dataOf(event)?.['resources'] as { tag: string }[];
  assert.deepEqual(
    resources.map(({ tag }) => tag),
    ['a', 'b'],
  );
});

test('a quota tells of its project, and of the repository where there is one', () => {
  const event: DomainEvent = { ...base, kind: 'quota-exceeded', used: 1, limit: 2, message: 'too much' };
  assert.deepEqual(dataOf(event), { custom_attributes: { Details: 'too much' } });
  const pushed = dataOf({ ...event, repository: 'team/app' })?.['repository'];
  assert.deepEqual(pushed, {
    date_created: 1_700_000_000,
    name: 'app',
    namespace: 'team',
    repo_full_name: 'team/app',
    repo_type: 'public',
  });
});

test('a scan brings its overview, under the name of its kind', () => {
  const event: DomainEvent = {
    ...image,
    kind: 'scan-ended',
    outcome: 'failed',
    scanType: 'sbom',
    tags: ['v1'],
    overview: { some: 'report' },
  };
  assert.equal(toMessage(event, facts)?.type, 'SCANNING_FAILED');
  const { resources } = (dataOf(event) ?? {}) as { resources?: Record<string, unknown>[] };
  assert.deepEqual(resources?.[0]?.['sbom_overview'], { some: 'report' });
  assert.deepEqual(dataOf(event)?.['scan'], { scan_type: 'sbom' });
});

test('every name has a type of its own as a CloudEvent', () => {
  const types = eventTypeNames.map(cloudEventType);
  assert.equal(new Set(types).size, eventTypeNames.length);
  assert.ok(types.every((type) => /^(harbor|entrepot)\./.test(type)));
});

const sending: Sending = {
  projectId: 7,
  policyId: 3,
  target: {
    id: 1,
    type: 'slack',
    address: 'https://hooks.example.com/',
    hasAuthHeader: false,
    skipCertVerify: false,
    payloadFormat: 'Default',
  },
  authHeader: undefined,
  signingSecret: undefined,
};

test('what is written to Slack is text, whatever it holds, and not too long', () => {
  const message = toMessage(
    { ...image, operator: '<!channel> "quoted"\n```', kind: 'tag-created', tag: `v${'x'.repeat(5000)}` },
    facts,
  );
  assert.ok(message !== undefined);
  const { body } = formatMessage(message, sending);
  const { blocks } = JSON.parse(body) as { blocks: { text: { text: string } }[] };
  assert.ok(!body.includes('<!channel>'));
  for (const { text } of blocks) assert.ok(text.text.length <= 3000);
});

test('a signature is that of the time and the body', () => {
  // printf '1767225600.{}' | openssl dgst -sha256 -hmac key
  assert.match(signBody('key', '{}', 1_767_225_600_123), /^t=1767225600,v1=[0-9a-f]{64}$/);
  assert.notEqual(signBody('key', '{}', 1_767_225_600_123), signBody('key', '{}', 1_767_225_601_123));
  assert.notEqual(signBody('key', '{}', 1_767_225_600_123), signBody('other', '{}', 1_767_225_600_123));
});

const policy: WebhookPolicy = {
  id: 1,
  projectId: 7,
  name: 'p',
  description: '',
  creator: 'ada',
  enabled: true,
  eventTypes: ['PUSH_ARTIFACT', 'QUOTA_EXCEED', 'PULL_ARTIFACT'],
  targets: [],
  repositories: '',
  tags: '',
  isSigned: false,
  createdAt: 0,
  updatedAt: 0,
};
const pushed = (tags: string[]): DomainEvent => ({ ...image, kind: 'artifact-pushed', mediaType: 'm', tags });
const quota: DomainEvent = { ...base, kind: 'quota-exceeded', used: 1, limit: 2, message: '' };

const table: readonly (readonly [name: string, given: Partial<WebhookPolicy>, event: DomainEvent, wanted: boolean])[] =
  [
    ['a policy without patterns', {}, pushed(['v1']), true],
    ['a policy that is off', { enabled: false }, pushed(['v1']), false],
    ['another type', { eventTypes: ['PULL_ARTIFACT'] }, pushed(['v1']), false],
    ['a pattern of the repository that fits', { repositories: 'app/*' }, pushed(['v1']), true],
    ['a pattern of the whole name', { repositories: 'team/app/*' }, pushed(['v1']), false],
    ['a pattern of tags of which one fits', { tags: 'v*' }, pushed(['latest', 'v1']), true],
    ['a pattern of tags of which none fits', { tags: 'v*' }, pushed(['latest']), false],
    ['a pattern of tags and no tag', { tags: '**' }, pushed([]), false],
    ['a pattern of tags and an event without any', { tags: 'v*', repositories: 'x' }, quota, true],
    ['a pull by tag', { tags: 'v*' }, { ...image, kind: 'artifact-pulled', tag: 'v1' }, true],
    ['a pull by digest', { tags: 'v*' }, { ...image, kind: 'artifact-pulled' }, false],
  ];

for (const [name, given, event, wanted] of table) {
  test(`${name}: ${wanted ? 'wanted' : 'not wanted'}`, () => {
    assert.equal(isWanted({ ...policy, ...given }, event), wanted);
  });
}
