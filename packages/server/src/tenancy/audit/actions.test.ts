import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actionOfOperation, auditActions, eventTypes, findActions, nameOfAction } from './actions.ts';

const harbors = [
  'create_artifact',
  'delete_artifact',
  'pull_artifact',
  'create_project',
  'delete_project',
  'update_project',
  'delete_repository',
  'login_user',
  'logout_user',
  'create_user',
  'delete_user',
  'update_user',
  'create_robot',
  'delete_robot',
  'update_configuration',
  'create_member',
  'delete_member',
  'update_member',
];

test('every kind of event that Harbor knows is known by its name', () => {
  assert.deepEqual(
    harbors.filter((name) => !eventTypes.includes(name)),
    [],
  );
});

test('no two actions have the same name', () => {
  assert.equal(eventTypes.length, Object.keys(auditActions).length);
});

test('an action of a newer build is shown as it is called', () => {
  assert.deepEqual(nameOfAction('paint-project'), { operation: 'paint-project', resourceType: 'unknown' });
  assert.deepEqual(nameOfAction('constructor'), { operation: 'constructor', resourceType: 'unknown' });
});

test('actions are found by what they do and by what they do it to', () => {
  assert.ok(findActions('operation', (name) => name === 'delete').includes('delete-robot'));
  assert.deepEqual(
    findActions('resourceType', (name) => name === 'blob'),
    ['delete-blob'],
  );
  assert.deepEqual(
    findActions('resourceType', (name) => name === 'nothing'),
    [],
  );
});

for (const [operation, action] of [
  ['deleteProject', 'delete-project'],
  ['CreateRobotV1', 'create-robot'],
  ['createUserGroup', 'create-group'],
  ['updateConfigurations', 'update-configuration'],
  ['addLabel', 'add-artifact-label'],
  ['toString', 'refuse-request'],
  ['somethingElse', 'refuse-request'],
] as const) {
  test(`a refused ${operation} is a refused ${action}`, () => assert.equal(actionOfOperation(operation), action));
}
