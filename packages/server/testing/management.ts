import type { TestRegistry } from './test-registry.ts';

export interface ManagementAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  /** The body, read when it is JSON. */
  readonly json: T;
  readonly text: string;
}

/** Asks the management API; `body` is sent as JSON. The type is what the test expects to see, and checks. */
export async function askManagement<T>(
  registry: TestRegistry,
  method: string,
  path: string,
  { as, body }: { readonly as?: string | undefined; readonly body?: unknown } = {},
): Promise<ManagementAnswer<T>> {
  const response = await registry.fetch(`/api/v2.0${path}`, {
    method,
    ...(as === undefined ? {} : { as }),
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const isJson = text !== '' && response.headers.get('content-type')?.includes('json') === true;
  return {
    status: response.status,
    headers: response.headers,
    json: (isJson ? JSON.parse(text) : undefined) as T,
    text,
  };
}

/** What answers hold, as far as tests look: each has some of the fields, and those that are null for none are lists. */
export interface Shown {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly color: string;
  readonly scope: string;
  readonly project_id: number;
  readonly type: string;
  readonly media_type: string;
  readonly manifest_media_type: string;
  readonly digest: string;
  readonly repository_name: string;
  readonly size: number;
  readonly icon: string;
  readonly content: string;
  readonly pull_time: string;
  readonly immutable: boolean;
  readonly artifact_count: number;
  readonly pull_count: number;
  readonly extra_attrs: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>> | null;
  readonly addition_links: Readonly<Record<string, unknown>>;
  readonly subject_artifact_digest: string;
  readonly child_id: number;
  readonly child_digest: string;
  readonly platform: { readonly architecture: string };
  readonly references: readonly Shown[];
  readonly tags: readonly Shown[];
  readonly labels: readonly Shown[];
  readonly accessories: readonly Shown[];
  readonly inherited_accessories: readonly Shown[];
  readonly project: readonly Shown[];
  readonly repository: readonly Shown[];
}

/** The path of a repository's artifacts, its name encoded twice as clients of Harbor do. */
export function artifactsPath(repository: string): string {
  const [project = '', ...rest] = repository.split('/');
  return `/projects/${project}/repositories/${encodeURIComponent(encodeURIComponent(rest.join('/')))}/artifacts`;
}
