import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import { type DatabasePlace, forEachDialect } from '#testing/databases';
import { migrations } from './all.ts';

const before = migrations.findIndex(({ name }) => name === '0009-describe-artifacts');

/** A database as a build before this migration left it. */
async function makeOld(place: DatabasePlace): Promise<void> {
  const statements: string[] = [];
  const recorder = new Kysely<unknown>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    log({ query }) {
      statements.push(query.sql);
    },
  });
  for (const migration of migrations.slice(0, before)) await migration.up(recorder, place.kind);
  statements.push('create table schema_version (version integer not null)');
  statements.push(`insert into schema_version (version) values (${before})`);
  for (const statement of statements) await place.query(statement);
}

const hex = (letter: string) => letter.repeat(64);

forEachDialect('a database from before descriptions', (on) => {
  test('shows in its lists what was pushed then', async () => {
    await using place = await on.makePlace({ empty: true });
    await makeOld(place);
    await place.query("insert into project (id, name, public, created_at, updated_at) values (7, 'team', 0, 1, 1)");
    for (const [id, name] of [
      [1, 'team/app'],
      [2, 'team/unfinished'],
    ] as const) {
      await place.query(`insert into repository (id, project_id, name, created_at) values (${id}, 7, '${name}', 5)`);
    }
    // Letter, subject, type: an index (a) of b and c, of which c has a tag, what refers to a, and what refers to nothing here.
    for (const [letter, subject, type] of [
      ['a', null, null],
      ['b', null, null],
      ['c', null, null],
      ['d', 'a', 'application/vnd.cncf.notary.signature'],
      ['e', 'f', 'application/vnd.acme.note'],
      ['9', null, null],
    ] as const) {
      const digest = `'sha256:${hex(letter)}'`;
      await place.query(`insert into manifest_content (digest, content) values (${digest}, '7b7d')`);
      await place.query(`insert into manifest
        (repository_id, digest, media_type, size, artifact_type, subject_digest, pushed_at, pushed_by)
        values (1, ${digest}, 't', 2, ${type === null ? 'null' : `'${type}'`},
          ${subject === null ? 'null' : `'sha256:${hex(subject)}'`}, 1, 'x')`);
    }
    const idOf = (letter: string) => `(select id from manifest where digest = 'sha256:${hex(letter)}')`;
    for (const letter of ['b', 'c']) {
      await place.query(
        `insert into manifest_child (manifest_id, digest) values (${idOf('a')}, 'sha256:${hex(letter)}')`,
      );
    }
    for (const [name, letter] of [
      ['multi', 'a'],
      ['part', 'c'],
      [`sha256-${hex('c')}.sig`, '9'],
    ] as const) {
      await place.query(`insert into tag (repository_id, name, manifest_id, pushed_at, pushed_by)
        values (1, '${name}', ${idOf(letter)}, 3, 'x')`);
    }

    await using _db = await place.open();
    const rows = await place.query('select digest, listed, accessory_type, project_id from manifest order by digest');
    assert.deepEqual(
      rows.map((row) => [
        String(row['digest'])[7],
        Number(row['listed']),
        row['accessory_type'],
        Number(row['project_id']),
      ]),
      [
        ['9', 0, 'signature.cosign', 7],
        ['a', 1, null, 7],
        ['b', 0, null, 7],
        ['c', 1, null, 7],
        ['d', 0, 'signature.notation', 7],
        ['e', 1, 'subject.accessory', 7],
      ],
    );
    const repositories = await place.query('select held, updated_at from repository order by id');
    assert.deepEqual(
      repositories.map((row) => [Number(row['held']), Number(row['updated_at'])]),
      [
        [1, 5],
        [0, 5],
      ],
    );
    const tags = await place.query('select id, name, pushed_at, pulled_at from tag order by name');
    assert.equal(new Set(tags.map((tag) => Number(tag['id']))).size, 3);
    assert.deepEqual(
      tags.map((tag) => [tag['name'], Number(tag['pushed_at']), Number(tag['pulled_at'])]),
      [
        ['multi', 3, 0],
        ['part', 3, 0],
        [`sha256-${hex('c')}.sig`, 3, 0],
      ],
    );
  });
});
