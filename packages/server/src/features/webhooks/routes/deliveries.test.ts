import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import { assertAnswer } from '#testing/answers';
import { startReceiver } from '#testing/receiver';
import { eventually } from '#testing/test-clock';
import { useWebhookScene } from '#testing/webhook-scene';

const {
  registry,
  receiver,
  owner,
  keeper,
  rival,
  ask,
  read,
  executionsOf,
  aPolicy,
  createPolicy,
  optionsPath,
  receivedAt,
  endedExecution,
} = await useWebhookScene();

describe('deliveries', () => {
  test('tell of a push in Harbor’s format, and are there as executions with a log', async () => {
    const id = await createPolicy('team', aPolicy('pushes'));
    const { digest } = await registry.pushImage('team/app/web', 'v1.0', { as: owner });
    const [got] = await receivedAt('/pushes');
    assert.equal(got?.method, 'POST');
    assert.equal(got.headers['content-type'], 'application/json');
    assert.equal(got.headers['x-entrepot-event'], 'PUSH_ARTIFACT');
    assert.equal(got.headers['x-entrepot-signature'], undefined);
    const body = JSON.parse(got.body) as { occur_at: number; event_data: { repository: { date_created: number } } };
    assert.ok(Math.abs(body.occur_at - Date.now() / 1000) < 60);
    assert.ok(Math.abs(body.event_data.repository.date_created - Date.now() / 1000) < 60);
    assert.deepEqual(body, {
      type: 'PUSH_ARTIFACT',
      occur_at: body.occur_at,
      operator: 'owner',
      event_data: {
        resources: [{ digest, tag: 'v1.0', resource_url: 'hub.example.com/team/app/web:v1.0' }],
        repository: {
          date_created: body.event_data.repository.date_created,
          name: 'app/web',
          namespace: 'team',
          repo_full_name: 'team/app/web',
          repo_type: 'private',
        },
      },
    });
    const execution = await endedExecution(id, 'Success');
    assert.equal(execution.vendor_type, 'WEBHOOK');
    assert.equal(execution.extra_attrs['event_type'], 'PUSH_ARTIFACT');
    assert.equal(execution.metrics['success_task_count'], 1);
    const tasksPath = `team/webhook/policies/${id}/executions/${execution.id}/tasks`;
    const [task] = await read<{ id: number; status: string; run_count: number }[]>(tasksPath);
    assert.deepEqual([task?.status, task?.run_count], ['Success', 1]);
    const log = await (await ask('GET', `${tasksPath}/${task?.id}/log`)).text();
    assert.match(log, /POST http:\/\/127\.0\.0\.1:\d+\/pushes with PUSH_ARTIFACT/);
    assert.match(log, /Answered with 200/);
    await assertAnswer(await ask('GET', `team/webhook/policies/${id}/executions/999999/tasks`), 404, 'NOT_FOUND');
    await assertAnswer(await ask('GET', `${tasksPath}/999999/log`), 404, 'NOT_FOUND');
    const [job] = await read<Record<string, unknown>[]>(`team/webhook/jobs?policy_id=${id}&status=Success`);
    assert.deepEqual(
      [job?.['event_type'], job?.['notify_type'], job?.['status']],
      ['PUSH_ARTIFACT', 'http', 'Success'],
    );
    assert.deepEqual(await read(`team/webhook/jobs?policy_id=${id}&status=Error`), []);
    const last =
      await read<{ policy_name: string; event_type: string; last_trigger_time?: string }[]>('team/webhook/lasttrigger');
    assert.ok(last.find(({ policy_name }) => policy_name === 'pushes')?.last_trigger_time !== undefined);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('are CloudEvents where one asks for them, and signed', async () => {
    const target = { type: 'http', address: `${receiver.url}/cloud`, payload_format: 'CloudEvents' };
    const id = await createPolicy(
      'team',
      aPolicy('cloud', { targets: [target], event_types: ['TAG_CREATED', 'PUSH_ARTIFACT'] }),
    );
    const secret = 'a-signing-secret-of-tests';
    await assertAnswer(await ask('PUT', optionsPath(id), { body: { signing_secret: secret } }), 200);
    assert.deepEqual(await read(optionsPath(id)), { repositories: '', tags: '', signed: true });
    await registry.pushImage('team/cloudy', 'v1', { as: owner });
    const got = await receivedAt('/cloud', 2);
    const events = got.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    const pushed = events.find(({ type }) => type === 'harbor.artifact.pushed');
    assert.ok(events.some(({ type }) => type === 'entrepot.tag.created'));
    const { projectId } = { projectId: (await read<{ project_id: number }>(`team/webhook/policies/${id}`)).project_id };
    assert.deepEqual(
      [pushed?.['specversion'], pushed?.['source'], pushed?.['operator'], pushed?.['datacontenttype']],
      ['1.0', `/projects/${projectId}/webhook/policies/${id}`, 'owner', 'application/json'],
    );
    assert.match(String(pushed?.['id']), /^[0-9a-f-]{36}$/);
    assert.match(String(pushed?.['time']), /^\d{4}-.*Z$/);
    for (const name of Object.keys(pushed ?? {})) assert.match(name, /^[a-z0-9]+$/);
    for (const { headers, body } of got) {
      assert.equal(headers['content-type'], 'application/cloudevents+json');
      const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-entrepot-signature'])) ?? [];
      assert.equal(signature, createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'));
      assert.ok(Math.abs(Number(time) - Date.now() / 1000) < 60);
    }
    await assertAnswer(await ask('PUT', optionsPath(id), { body: { signing_secret: null } }), 200);
    assert.equal((await read(optionsPath(id)))['signed'], false);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('to Slack are blocks that nothing in a name can break out of', async () => {
    const id = await createPolicy(
      'team',
      aPolicy('slack', { targets: [{ type: 'slack', address: `${receiver.url}/slack` }] }),
    );
    await registry.pushImage('team/talk', 'v1', { as: owner });
    const [got] = await receivedAt('/slack');
    const body = JSON.parse(got?.body ?? '') as { text: string; blocks: { text: { text: string } }[] };
    assert.equal(body.text, 'PUSH_ARTIFACT by owner');
    assert.match(body.blocks[1]?.text.text ?? '', /hub\.example\.com\/team\/talk:v1/);
    const execution = await endedExecution(id, 'Success');
    assert.equal(execution.vendor_type, 'SLACK');
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('come for what the patterns name, and for nothing else', async () => {
    const all = ['PUSH_ARTIFACT', 'DELETE_ARTIFACT', 'TAG_DELETED', 'TAG_CREATED'];
    const id = await createPolicy('team', aPolicy('picky', { event_types: all }));
    await assertAnswer(await ask('PUT', optionsPath(id), { body: { repositories: 'picked/**', tags: 'v*' } }), 200);
    assert.deepEqual(await read(optionsPath(id)), { repositories: 'picked/**', tags: 'v*', signed: false });
    await registry.pushImage('team/other', 'v1');
    await registry.pushImage('team/picked/app', 'latest');
    const { digest } = await registry.pushImage('team/picked/app', 'v2');
    const bearer = await registry.bearer(registry.admin, 'repository:team/picked/app:pull,push,delete');
    const remove = (reference: string) =>
      registry.fetch(`/v2/team/picked/app/manifests/${reference}`, { method: 'DELETE', as: bearer });
    assert.equal((await remove('latest')).status, 202);
    assert.equal((await remove(digest)).status, 202);
    const got = await receivedAt('/picky', 3);
    const told = got.map(({ body }) => {
      const { type, event_data: data } = JSON.parse(body) as {
        type: string;
        event_data: { resources: { tag: string }[] };
      };
      return `${type} ${data.resources.map(({ tag }) => tag).join(',')}`;
    });
    assert.deepEqual(told.toSorted(), ['DELETE_ARTIFACT v2', 'PUSH_ARTIFACT v2', 'TAG_CREATED v2']);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('tell of pulls only where somebody waits for them', async () => {
    const id = await createPolicy('team', aPolicy('pulls', { event_types: ['PULL_ARTIFACT'] }));
    const pull = (repository: string) => registry.fetch(`/v2/${repository}/manifests/v1`, { as: owner });
    await registry.pushImage('team/pulled', 'v1');
    await registry.pushImage('quiet/pulled', 'v1');
    const [before] = await registry.query("select count(*) as count from outbox_event where kind = 'artifact-pulled'");
    await eventually(async () => {
      assert.equal((await pull('team/pulled')).status, 200);
      assert.equal((await pull('quiet/pulled')).status, 200);
      return receiver.received.some(({ url }) => url === '/pulls') ? true : undefined;
    }, 20_000);
    assert.equal(Number(before?.['count']), 0);
    const [got] = await receivedAt('/pulls');
    const { event_data: data } = JSON.parse(got?.body ?? '') as {
      event_data: { repository: { repo_full_name: string } };
    };
    assert.equal(data.repository.repo_full_name, 'team/pulled');
    const noted = await registry.query("select payload from outbox_event where kind = 'artifact-pulled'");
    assert.ok(noted.every(({ payload }) => !String(payload).includes('quiet/pulled')));
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('that fail wait for another try; a target that is gone for good is not asked again', async () => {
    const targets = ['broken', 'gone'].map((path) => ({ type: 'http', address: `${receiver.url}/${path}` }));
    const id = await createPolicy('team', aPolicy('failing', { targets }));
    await registry.pushImage('team/failing', 'v1');
    const failed = await endedExecution(id, 'Error');
    const [gone] = await read<{ status_message: string; run_count: number }[]>(
      `team/webhook/policies/${id}/executions/${failed.id}/tasks`,
    );
    assert.deepEqual([gone?.status_message, gone?.run_count], ['The target answered with 410.', 1]);
    const waiting = await eventually(async () => {
      const found = (await executionsOf(id)).find(({ metrics }) => metrics['scheduled_task_count'] === 1);
      return found;
    }, 20_000);
    const [task] = await read<{ status: string; status_message: string; id: number }[]>(
      `team/webhook/policies/${id}/executions/${waiting.id}/tasks`,
    );
    assert.deepEqual([task?.status, task?.status_message], ['Scheduled', 'The target answered with 500.']);
    const logPath = `team/webhook/policies/${id}/executions/${waiting.id}/tasks/${task?.id}/log`;
    assert.match(await (await ask('GET', logPath)).text(), /It will be tried again in \d s/);
    await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('of a policy that is off do not happen', async () => {
    const off = await createPolicy('team', aPolicy('off', { enabled: false }));
    const on = await createPolicy('team', aPolicy('on'));
    await registry.pushImage('team/onoff', 'v1');
    await receivedAt('/on');
    assert.deepEqual(await executionsOf(off), []);
    for (const id of [on, off]) await ask('DELETE', `team/webhook/policies/${id}`);
  });

  test('are made once more on demand, and as a test, by who may change the policy', async () => {
    const id = await createPolicy('team', aPolicy('again'));
    await registry.pushImage('team/again', 'v1');
    const [first] = await receivedAt('/again');
    const execution = await endedExecution(id, 'Success');
    const [task] = await read<{ id: number }[]>(`team/webhook/policies/${id}/executions/${execution.id}/tasks`);
    const redeliver = (project: string, as: string, delivery = task?.id) =>
      ask('POST', `/api/entrepot/v1/projects/${project}/webhook/deliveries/${delivery}/redeliver`, { as });
    await assertAnswer(await redeliver('team', keeper), 403, 'FORBIDDEN');
    await assertAnswer(await redeliver('other', rival), 404, 'NOT_FOUND');
    await assertAnswer(await redeliver('team', owner, 999_999), 404, 'NOT_FOUND');
    const answer = await redeliver('team', owner);
    assert.equal(answer.status, 202);
    const got = await receivedAt('/again', 2);
    assert.equal(got[1]?.body, first?.body);
    const { execution_ids: ids } = (await answer.json()) as { execution_ids: number[] };
    const again = (await executionsOf(id)).find((each) => each.id === ids[0]);
    assert.equal(again?.extra_attrs['redelivery_of'], task?.id);

    const tested = await ask('POST', optionsPath(id).replace('options', 'test'), {
      body: { event_type: 'QUOTA_EXCEED' },
    });
    assert.equal(tested.status, 202);
    const [, , example] = await receivedAt('/again', 3);
    assert.equal((JSON.parse(example?.body ?? '') as { type: string }).type, 'QUOTA_EXCEED');
    await assertAnswer(await ask('POST', optionsPath(id).replace('options', 'test')), 202);
    const wrong = await ask('POST', optionsPath(id).replace('options', 'test'), { body: { event_type: 'NOTHING' } });
    await assertAnswer(wrong, 400, 'BAD_REQUEST');
    const rows = await registry.query(
      "select detail from audit where action = 'redeliver-webhook' and resource = 'team/again' and outcome = 'success'",
    );
    assert.equal(rows.length, 3);
    await ask('DELETE', `team/webhook/policies/${id}`);
    await assertAnswer(await redeliver('team', owner), 409, 'CONFLICT');
  });

  test('tell a closed and a filtered port of a target with the same words', async () => {
    const closed = await startReceiver();
    await closed[Symbol.asyncDispose]();
    const id = await createPolicy(
      'team',
      aPolicy('closed', { targets: [{ type: 'http', address: `${closed.url}/` }] }),
    );
    await registry.pushImage('team/closed', 'v1');
    const waiting = await eventually(
      async () => (await executionsOf(id)).find(({ metrics }) => metrics['scheduled_task_count'] === 1),
      20_000,
    );
    const [task] = await read<{ status_message: string }[]>(
      `team/webhook/policies/${id}/executions/${waiting.id}/tasks`,
    );
    assert.equal(task?.status_message, 'The target could not be reached, or did not answer in time.');
    await ask('DELETE', `team/webhook/policies/${id}`);
  });
});
