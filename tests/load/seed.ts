import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, imageManifest, mediaType } from '#support/content';

export interface SeedSize {
  readonly repositories: number;
  /** In each repository, each with a manifest of its own. */
  readonly tags: number;
  /** And one repository more, `library/large`, with so many. */
  readonly large?: number;
}

export const largeRepository = 'library/large';

export function seededRepository(index: number): string {
  return `library/r${String(index).padStart(6, '0')}`;
}

export function seededTag(index: number): string {
  return `t${String(index).padStart(6, '0')}`;
}

/** Where the bytes of a seeded blob would lie. */
export function seededLocation(digest: string): string {
  const hex = digest.slice('sha256:'.length);
  return `sha256/${hex.slice(0, 2)}/${hex}.0000000000000000`;
}

/** The config of a seeded image, which no other image has. */
export function seededConfig(repository: number | string, tag: number): string {
  return `config ${repository} ${tag}`;
}

/**
 * Fills a stopped registry's SQLite database as pushes would have: repositories, manifests with a config and two layers,
 * tags. There are no bytes behind the layers; only their rows count here.
 */
export function seedStore(data: string, { repositories, tags, large = 0 }: SeedSize): void {
  const db = new DatabaseSync(join(data, 'entrepot.db'));
  try {
    db.exec('PRAGMA synchronous=OFF; PRAGMA cache_size=-262144');
    const project = db.prepare("select id from project where name = 'library'").get()?.['id'];
    if (typeof project !== 'number') throw new Error('the store has no project library');
    const now = Date.now();
    const insert = {
      repository: db.prepare(
        'insert into repository (project_id, name, created_at, updated_at, held) values (?1, ?2, ?3, ?3, 1)',
      ),
      blob: db.prepare('insert into blob (digest, size, location, created_at, touched_at) values (?, ?, ?, ?, ?)'),
      link: db.prepare('insert into repository_blob (repository_id, blob_id, created_at) values (?, ?, ?)'),
      content: db.prepare('insert or ignore into manifest_content (digest, content) values (?, ?)'),
      manifest: db.prepare(
        `insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by, project_id, type, config_type,
          total_size, pulled_at, described) values (?, ?, ?, ?, ?, 'admin', ?, 'IMAGE', ?, ?, ?, 1)`,
      ),
      detail: db.prepare('insert into manifest_detail (manifest_id, extra_attrs, annotations) values (?, ?, null)'),
      part: db.prepare('insert into manifest_blob (manifest_id, blob_id, repository_id) values (?, ?, ?)'),
      tag: db.prepare(
        "insert into tag (repository_id, name, manifest_id, pushed_at, pushed_by) values (?, ?, ?, ?, 'admin')",
      ),
    };
    const addBlob = (name: string, type: string): { id: number | bigint; descriptor: ReturnType<typeof describe> } => {
      const descriptor = describe(type, name);
      const { lastInsertRowid: id } = insert.blob.run(
        descriptor.digest,
        descriptor.size,
        seededLocation(descriptor.digest),
        now,
        now,
      );
      return { id, descriptor };
    };
    db.exec('begin');
    const addRepository = (name: string, r: string, count: number): void => {
      const { lastInsertRowid: repository } = insert.repository.run(project, name, now);
      const base = [addBlob(`base a ${r}`, mediaType.layer), addBlob(`base b ${r}`, mediaType.layer)];
      for (const { id } of base) insert.link.run(repository, id, now);
      for (let t = 0; t < count; t++) {
        const config = addBlob(seededConfig(r, t), mediaType.config);
        insert.link.run(repository, config.id, now);
        const text = imageManifest(
          config.descriptor,
          base.map(({ descriptor }) => descriptor),
        );
        const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
        insert.content.run(digest, Buffer.from(text));
        const { lastInsertRowid: manifest } = insert.manifest.run(
          repository,
          digest,
          mediaType.image,
          text.length,
          now - t * 1000,
          project,
          mediaType.config,
          // Scattered, so that no order is that of the rows.
          text.length + ((t * 7919) % 100_003) * 1024,
          now - ((t * 104_729) % 1_000_003) * 1000,
        );
        insert.detail.run(
          manifest,
          JSON.stringify({ architecture: 'amd64', os: 'linux', config: { Cmd: ['run', r] } }),
        );
        for (const { id } of [config, ...base]) insert.part.run(manifest, id, repository);
        insert.tag.run(repository, seededTag(t), manifest, now - t * 1000);
      }
    };
    for (let r = 0; r < repositories; r++) {
      addRepository(seededRepository(r), String(r), tags);
      if (r % 1000 === 999) db.exec('commit; begin');
    }
    if (large > 0) addRepository(largeRepository, 'large', large);
    db.exec('commit');
    db.exec('analyze');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}

/**
 * Adds repositories of ten artifacts each, all in the project library, as rows of lists alone: no client could pull
 * them. A million takes seconds, because the database makes them by itself.
 */
export function addListedArtifacts(data: string, artifacts: number): void {
  const db = new DatabaseSync(join(data, 'entrepot.db'));
  try {
    db.exec('PRAGMA synchronous=OFF; PRAGMA cache_size=-1048576; PRAGMA foreign_keys=OFF');
    const now = Date.now();
    const numbers = (last: number) =>
      `with recursive number (n) as (select 0 union all select n + 1 from number where n < ${last - 1})`;
    const project = `(select id from project where name = 'library')`;
    db.exec('begin');
    const [repository = 0, manifest = 0] = ['repository', 'manifest'].map(
      (table) => Number(db.prepare(`select coalesce(max(id), 0) as last from ${table}`).get()?.['last']) + 1,
    );
    db.exec(`${numbers(artifacts / 10)} insert into repository (id, project_id, name, created_at, updated_at, held)
      select ${repository} + n, ${project}, printf('library/listed-%06d', n), ${now}, ${now}, 1 from number`);
    // Digests that rise with the ids: an index that grows at its end is made quickly, and a list never orders by them.
    const digest = "printf('sha256:%064x', n)";
    db.exec(`${numbers(artifacts)} insert into manifest_content (digest, content) select ${digest}, '{}' from number`);
    db.exec(`${numbers(artifacts)} insert into manifest (id, repository_id, digest, media_type, size, pushed_at, pushed_by,
        project_id, type, config_type, total_size, pulled_at, described)
      select ${manifest} + n, ${repository} + n / 10, ${digest}, '${mediaType.image}', 2, ${now} - n % 997, 'admin',
        ${project}, 'IMAGE', '${mediaType.config}', n % 1009, 0, 1 from number`);
    db.exec(`${numbers(artifacts)} insert into manifest_detail (manifest_id, extra_attrs, annotations)
      select ${manifest} + n, '{"architecture":"amd64","os":"linux"}', null from number`);
    db.exec(`${numbers(artifacts)} insert into tag (repository_id, name, manifest_id, pushed_at, pushed_by)
      select ${repository} + n / 10, printf('t%06d', n % 10), ${manifest} + n, ${now}, 'admin' from number`);
    db.exec('commit');
    db.exec('analyze');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}
