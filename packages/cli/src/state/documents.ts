import { readCount, readSize } from '#src/management/read-size';
import { groups } from './kinds/groups.ts';
import { labels } from './kinds/labels.ts';
import { members } from './kinds/members.ts';
import { registries } from './kinds/registries.ts';
import { repositoryMembers } from './kinds/repository-members.ts';
import { robots } from './kinds/robots.ts';
import { roles } from './kinds/roles.ts';
import { systemMembers } from './kinds/system-members.ts';
import { webhooks } from './kinds/webhooks.ts';
import { immutableTags } from './kinds/immutable-tags.ts';
import { retention } from './kinds/retention.ts';
import { workloadIdentities } from './kinds/workload-identities.ts';
import { flag, list, needed, optional, type Read, type ReadBy, record, set, text, texts } from './read-value.ts';
import { readSettings } from './settings.ts';

/** What a project's metadata can say; whether it is public has a key of its own, and a retention policy too. */
const metadataKeys = [
  'auto_scan',
  'auto_sbom_generation',
  'enable_content_trust',
  'enable_content_trust_cosign',
  'max_upstream_conn',
  'prevent_vul',
  'proxy_cache_filter_kind',
  'proxy_cache_filter_pattern',
  'proxy_cache_local_on_not_found',
  'proxy_referrer_api',
  'proxy_speed_kb',
  'reuse_sys_cve_allowlist',
  'severity',
];

export const isMetadataKey = (key: string): boolean => metadataKeys.includes(key);

/** Bytes; -1 for no limit. */
const size: Read<number> = (value, place) => {
  try {
    return readSize(String(value));
  } catch {
    place.fault(`expected a size such as 10GiB, or unlimited, found ${JSON.stringify(value)}`);
    return undefined;
  }
};

/** A number; -1 for no limit. */
const count: Read<number> = (value, place) => {
  try {
    return readCount(String(value));
  } catch {
    place.fault(`expected a number above 0, or unlimited, found ${JSON.stringify(value)}`);
    return undefined;
  }
};

const projectName = text({
  pattern: /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/,
  what: 'a project name of lower-case letters and digits, with single . _ - between them',
  most: 255,
});

const readProject = record({
  name: needed(projectName),
  absent: optional(flag),
  public: optional(flag),
  quota: optional(size),
  artifact_quota: optional(count),
  metadata: optional(texts(metadataKeys)),
  cve_allowlist: optional(set(text({ most: 64, what: 'a name such as CVE-2025-0001' }))),
  labels: optional(list(labels.read)),
  roles: optional(list(roles.read)),
  members: optional(list(members.read)),
  repository_members: optional(list(repositoryMembers.read)),
  robots: optional(list(robots.read)),
  workload_identities: optional(list(workloadIdentities.read)),
  webhooks: optional(list(webhooks.read)),
  immutable_tags: optional(list(immutableTags.read)),
  retention: optional(retention.read),
});

export type ProjectState = ReadBy<typeof readProject>;

/** One document; several make a state together. */
export const readDocument = record({
  settings: optional(readSettings),
  labels: optional(list(labels.read)),
  groups: optional(list(groups.read)),
  registries: optional(list(registries.read)),
  roles: optional(list(roles.read)),
  members: optional(list(systemMembers.read)),
  projects: optional(list(readProject)),
});

export type DocumentState = ReadBy<typeof readDocument>;
