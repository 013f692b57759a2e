import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from '#testing/run-cli';
import { optionName } from './verb.ts';
import { nouns, verbTable } from './verb-table.ts';

for (const { name, load } of verbTable) {
  test(`${name} has a description, examples that call it, and options under their own names`, async () => {
    const verb = await load();
    assert.equal(verb.name, name);
    assert.match(verb.description, /\.$/);
    assert.ok(verb.examples.length > 0);
    for (const { command } of verb.examples) {
      assert.ok(command.includes(`entrepot ${name}`), command);
    }
    for (const [key, spec] of Object.entries(verb.options)) {
      assert.equal(key, optionName(spec));
      assert.match(spec.describes, /[.)]$/);
    }
  });

  test(`${name} --help shows its examples`, async () => {
    const ran = await runCli([...name.split(' '), '--help']);
    assert.equal(ran.code, 0);
    assert.match(ran.stdout, /\nExamples:\n {2}# /);
    const [noun = '', ...verb] = name.split(' ');
    const again = await runCli(verb.length === 0 ? ['help', noun] : [noun, 'help', ...verb]);
    assert.equal(again.stdout, ran.stdout);
  });
}

test('the command alone shows every verb', async () => {
  const ran = await runCli([]);
  assert.equal(ran.code, 0);
  for (const { name, summary } of verbTable.filter((entry) => !entry.name.includes(' '))) {
    assert.match(ran.stdout, new RegExp(`\n {2}${name} .*${summary}\n`));
  }
  for (const [name, summary] of Object.entries(nouns)) {
    assert.match(ran.stdout, new RegExp(`\n {2}${name} .*${summary}\n`));
  }
});

for (const noun of Object.keys(nouns)) {
  test(`${noun} alone says which verbs it has`, async () => {
    const ran = await runCli([noun]);
    assert.equal(ran.code, 2);
    assert.match(ran.stderr, new RegExp(`it is not said what to do with ${noun}.*see entrepot ${noun} --help`, 's'));
    const helped = await runCli([noun, '--help']);
    assert.equal(helped.code, 0);
    for (const { name, summary } of verbTable.filter((entry) => entry.name.startsWith(`${noun} `))) {
      assert.match(helped.stdout, new RegExp(`\n {2}${name.slice(noun.length + 1)} .*${summary}\n`));
    }
    const wrong = await runCli([noun, 'paint']);
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /unknown command 'paint'/);
  });
}

test('a verb that is misspelt is told with the one that is meant', async () => {
  const ran = await runCli(['cpoy']);
  assert.equal(ran.code, 2);
  assert.equal(ran.stderr, "error: unknown command 'cpoy'.\nhint: Did you mean copy? See entrepot --help\n");
});

test('a wrong command line is told as JSON where JSON is asked for', async () => {
  for (const [args, env] of [
    [['inspect', '-o', 'json'], {}],
    [['inspect', '--output=json'], {}],
    [['inspect'], { ENTREPOT_OUTPUT: 'json' }],
  ] as const) {
    const ran = await runCli(args, { env });
    assert.equal(JSON.parse(ran.stderr).error.code, 'USAGE');
  }
  assert.match((await runCli(['inspect', '-o', 'yaml'], { env: { ENTREPOT_OUTPUT: 'json' } })).stderr, /^error: /);
});
