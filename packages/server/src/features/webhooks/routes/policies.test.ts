import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { useWebhookScene } from '#testing/webhook-scene';

const { registry, receiver, keeper, guest, rival, ask, read, aPolicy, createPolicy, optionsPath, receivedAt } =
  await useWebhookScene();

describe('policies of webhooks', () => {
  test('are made, shown, changed and removed by administrators of the project', async () => {
    const policy = aPolicy('made', { description: 'for tests', event_types: ['PUSH_ARTIFACT', 'TAG_CREATED'] });
    const id = await createPolicy('team', policy);
    const shown = await read(`team/webhook/policies/${id}`);
    assert.deepEqual(
      [shown['name'], shown['description'], shown['creator'], shown['enabled'], shown['event_types']],
      ['made', 'for tests', 'owner', true, ['PUSH_ARTIFACT', 'TAG_CREATED']],
    );
    assert.deepEqual(shown['targets'], [
      { type: 'http', address: `${receiver.url}/made`, skip_cert_verify: false, payload_format: 'Default' },
    ]);
    await assertAnswer(
      await ask('PUT', `team/webhook/policies/${id}`, { body: { ...policy, name: 'renamed', enabled: false } }),
      200,
    );
    const changed = await read(`team/webhook/policies/${id}`);
    assert.deepEqual([changed['name'], changed['enabled']], ['renamed', false]);
    const listed = await ask('GET', 'team/webhook/policies?q=name%3Drenamed');
    assert.equal(listed.headers.get('x-total-count'), '1');
    await assertAnswer(await ask('DELETE', `team/webhook/policies/${id}`), 200);
    await assertAnswer(await ask('GET', `team/webhook/policies/${id}`), 404, 'NOT_FOUND');
    const rows = await registry.query(
      "select action, resource, detail from audit where resource in ('team/made', 'team/renamed') and outcome = 'success' order by id",
    );
    assert.deepEqual(
      rows.map(({ action, resource }) => [action, resource]),
      [
        ['create-webhook', 'team/made'],
        ['update-webhook', 'team/renamed'],
        ['delete-webhook', 'team/renamed'],
      ],
    );
  });

  test('are seen by maintainers, and by nobody below', async () => {
    const id = await createPolicy('team', aPolicy('seen'));
    assert.equal((await read(`team/webhook/policies/${id}`, keeper))['name'], 'seen');
    await assertAnswer(
      await ask('PUT', `team/webhook/policies/${id}`, { as: keeper, body: aPolicy('seen') }),
      403,
      'FORBIDDEN',
    );
    await assertAnswer(await ask('GET', `team/webhook/policies/${id}`, { as: guest }), 403, 'FORBIDDEN');
    await assertAnswer(await ask('GET', `team/webhook/policies/${id}`, { as: rival }), 404, 'NOT_FOUND');
  });

  test('of another project are not there, whatever path names them', async () => {
    const id = await createPolicy('team', aPolicy('foreign'));
    const paths: readonly (readonly [string, string, unknown?])[] = [
      ['GET', `other/webhook/policies/${id}`],
      ['PUT', `other/webhook/policies/${id}`, aPolicy('stolen')],
      ['DELETE', `other/webhook/policies/${id}`],
      ['GET', `other/webhook/policies/${id}/executions`],
      ['GET', `other/webhook/jobs?policy_id=${id}`],
      ['GET', optionsPath(id, 'other')],
      ['PUT', optionsPath(id, 'other'), { tags: 'x' }],
      ['POST', optionsPath(id, 'other').replace('options', 'test'), {}],
    ];
    for (const [method, path, body] of paths) {
      await assertAnswer(
        await ask(method, path, { as: rival, ...(body === undefined ? {} : { body }) }),
        404,
        'NOT_FOUND',
      );
    }
    assert.equal((await read(`team/webhook/policies/${id}`))['name'], 'foreign');
  });

  test('with a mistake are refused by the name of the field', async () => {
    const target = { type: 'http', address: `${receiver.url}/x` };
    const bad: readonly (readonly [object, RegExp])[] = [
      [{ event_types: ['NOTHING'] }, /event_types/],
      [{ event_types: [] }, /event_types/],
      [{ targets: [] }, /targets/],
      [{ targets: [{ ...target, type: 'fax' }] }, /targets\.0\.type/],
      [
        { targets: [{ ...target, address: 'http://10.0.0.1/' }] },
        /body\.targets\.0\.address: 10\.0\.0\.1 is an internal/,
      ],
      [{ targets: [{ ...target, address: 'http://2130706433/' }] }, /body\.targets\.0\.address/],
      [{ targets: [{ ...target, address: 'file:///etc/passwd' }] }, /body\.targets\.0\.address/],
      [{ targets: [target, target] }, /targets\.1\.address: the same target/],
      [{ targets: [{ ...target, auth_header: 'a\r\nX: y' }] }, /auth_header/],
      [{ targets: [{ ...target, type: 'slack', payload_format: 'Default' }] }, /payload_format/],
      [{ name: '' }, /name/],
    ];
    for (const [more, message] of bad) {
      const response = await ask('POST', 'team/webhook/policies', { body: aPolicy('bad', more) });
      const text = await response.text();
      assert.equal(response.status, 400, text);
      assert.match(text, message);
    }
    await createPolicy('team', aPolicy('twice'));
    await assertAnswer(await ask('POST', 'team/webhook/policies', { body: aPolicy('twice') }), 409, 'CONFLICT');
    await assertAnswer(await ask('GET', 'team/webhook/policies?q=signing_secret%3D~a'), 400, 'BAD_REQUEST');
  });

  test('tell what they can be told of', async () => {
    const events = await read<{ event_type: string[]; notify_type: string[]; payload_formats: unknown }>(
      'team/webhook/events',
    );
    assert.equal(events.event_type.length, 13);
    assert.deepEqual(events.notify_type, ['http', 'slack']);
    assert.deepEqual(events.payload_formats, [{ notify_type: 'http', formats: ['Default', 'CloudEvents'] }]);
  });
});

describe('secrets of webhooks', () => {
  test('are never shown, stay over a change that does not name them, and lie sealed', async () => {
    const target = { type: 'http', address: `${receiver.url}/secret?token=hush`, auth_header: 'Bearer s3cr3t-header' };
    const id = await createPolicy('team', aPolicy('secret', { targets: [target] }));
    await assertAnswer(await ask('PUT', optionsPath(id), { body: { signing_secret: 's3cr3t-signing-key' } }), 200);
    const shown = JSON.stringify([await read(`team/webhook/policies/${id}`), await read(optionsPath(id))]);
    assert.ok(!shown.includes('s3cr3t'));
    assert.deepEqual((await read<{ targets: unknown[] }>(`team/webhook/policies/${id}`)).targets[0], {
      type: 'http',
      address: target.address,
      auth_header: '*****',
      skip_cert_verify: false,
      payload_format: 'Default',
    });
    // Once as it was read, once without the header.
    for (const auth of [{ auth_header: '*****' }, {}]) {
      const body = aPolicy('secret', { targets: [{ type: 'http', address: target.address, ...auth }] });
      await assertAnswer(await ask('PUT', `team/webhook/policies/${id}`, { body }), 200);
    }
    await registry.pushImage('team/sealed', 'v1');
    const [got] = await receivedAt('/secret?token=hush');
    assert.equal(got?.headers.authorization, 'Bearer s3cr3t-header');
    assert.ok(got?.headers['x-entrepot-signature'] !== undefined);
    for (const table of ['webhook_policy', 'webhook_target', 'task', 'execution', 'task_log', 'outbox_event']) {
      assert.ok(!JSON.stringify(await registry.query(`select * from ${table}`)).includes('s3cr3t'), table);
    }
    const audit = JSON.stringify(await registry.query('select * from audit'));
    assert.ok(!audit.includes('s3cr3t') && !audit.includes('hush'));
    assert.ok(!registry.logs().includes('s3cr3t'));
    const cleared = aPolicy('secret', { targets: [{ type: 'http', address: target.address, auth_header: '' }] });
    await assertAnswer(await ask('PUT', `team/webhook/policies/${id}`, { body: cleared }), 200);
    const after = await read<{ targets: { auth_header?: string }[] }>(`team/webhook/policies/${id}`);
    assert.equal(after.targets[0]?.auth_header, undefined);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('do not follow to another address', async () => {
    const target = { type: 'http', address: `${receiver.url}/first`, auth_header: 'Bearer s3cr3t-of-first' };
    const id = await createPolicy('team', aPolicy('moving', { targets: [target] }));
    const moved = aPolicy('moving', {
      targets: [{ type: 'http', address: `${receiver.url}/second`, auth_header: '*****' }],
    });
    await assertAnswer(await ask('PUT', `team/webhook/policies/${id}`, { body: moved }), 200);
    await registry.pushImage('team/moving', 'v1');
    const [got] = await receivedAt('/second');
    assert.equal(got?.headers.authorization, undefined);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });
});
