import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, imageManifest, mediaType } from '#support/content';

export interface SeedSize {
  readonly repositories: number;
  /** In each repository, each with a manifest of its own. */
  readonly tags: number;
}

export function seededRepository(index: number): string {
  return `library/r${String(index).padStart(6, '0')}`;
}

export function seededTag(index: number): string {
  return `t${String(index).padStart(6, '0')}`;
}

/**
 * Fills a stopped registry's SQLite database as pushes would have: repositories, manifests with a config and two layers,
 * tags. There are no bytes behind the layers; only their rows count here.
 */
export function seedStore(data: string, { repositories, tags }: SeedSize): void {
  const db = new DatabaseSync(join(data, 'entrepot.db'));
  try {
    db.exec('PRAGMA synchronous=OFF; PRAGMA cache_size=-262144');
    const project = db.prepare("select id from project where name = 'library'").get()?.['id'];
    if (typeof project !== 'number') throw new Error('the store has no project library');
    const now = Date.now();
    const insert = {
      repository: db.prepare('insert into repository (project_id, name, created_at) values (?, ?, ?)'),
      blob: db.prepare('insert into blob (digest, size, location, created_at, touched_at) values (?, ?, ?, ?, ?)'),
      link: db.prepare('insert into repository_blob (repository_id, blob_id, created_at) values (?, ?, ?)'),
      content: db.prepare('insert or ignore into manifest_content (digest, content) values (?, ?)'),
      manifest: db.prepare(
        "insert into manifest (repository_id, digest, media_type, size, pushed_at, pushed_by) values (?, ?, ?, ?, ?, 'admin')",
      ),
      part: db.prepare('insert into manifest_blob (manifest_id, blob_id) values (?, ?)'),
      tag: db.prepare(
        "insert into tag (repository_id, name, manifest_id, pushed_at, pushed_by) values (?, ?, ?, ?, 'admin')",
      ),
    };
    const addBlob = (name: string, type: string): { id: number | bigint; descriptor: ReturnType<typeof describe> } => {
      const descriptor = describe(type, name);
      const { lastInsertRowid: id } = insert.blob.run(
        descriptor.digest,
        descriptor.size,
        `seeded/${descriptor.digest}`,
        now,
        now,
      );
      return { id, descriptor };
    };
    db.exec('begin');
    for (let r = 0; r < repositories; r++) {
      const { lastInsertRowid: repository } = insert.repository.run(project, seededRepository(r), now);
      const base = [addBlob(`base a ${r}`, mediaType.layer), addBlob(`base b ${r}`, mediaType.layer)];
      for (const { id } of base) insert.link.run(repository, id, now);
      for (let t = 0; t < tags; t++) {
        const config = addBlob(`config ${r} ${t}`, mediaType.config);
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
          now,
        );
        for (const { id } of [config, ...base]) insert.part.run(manifest, id);
        insert.tag.run(repository, seededTag(t), manifest, now);
      }
      if (r % 1000 === 999) db.exec('commit; begin');
    }
    db.exec('commit');
    db.exec('analyze');
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
}
