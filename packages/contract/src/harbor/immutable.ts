import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne } from './errors.ts';
import { listQuery } from './paging.ts';
import { id, projectHeaders as headers, projectParams } from './params.ts';
import { tagRule, tagRuleRequest } from './tag-selectors.ts';

const body = tagRuleRequest('ImmutableRuleRequest', 'immutable', ['immutable_template']);

const tag = 'immutable';
const at = 'project';
const path = '/api/v2.0/projects/{project_name_or_id}/immutabletagrules';
const onePath = `${path}/{immutable_rule_id}`;
const params = projectParams.extend({ immutable_rule_id: id });

export const listImmutableRules = route({
  operationId: 'ListImmuRules',
  method: 'GET',
  path,
  tag,
  permission: 'immutable-tag:list',
  at,
  summary: 'List the rules that say which tags of a project cannot be moved or deleted.',
  params: projectParams,
  headers,
  query: z.object(listQuery),
  responses: { 200: z.array(tagRule('ImmutableRule', 'ImmutableSelector')), ...onOne },
});

export const createImmutableRule = route({
  operationId: 'CreateImmuRule',
  method: 'POST',
  path,
  tag,
  permission: 'immutable-tag:create',
  at,
  summary: 'Make tags of a project immutable.',
  params: projectParams,
  headers,
  body,
  responses: { 201: null, ...onOne, 409: harborErrors },
});

export const updateImmutableRule = route({
  operationId: 'UpdateImmuRule',
  method: 'PUT',
  path: onePath,
  tag,
  permission: 'immutable-tag:update',
  at,
  summary: 'Replace, switch off or switch on an immutability rule.',
  params,
  headers,
  body,
  responses: { 200: null, ...onOne, 409: harborErrors },
});

export const deleteImmutableRule = route({
  operationId: 'DeleteImmuRule',
  method: 'DELETE',
  path: onePath,
  tag,
  permission: 'immutable-tag:delete',
  at,
  summary: 'Delete an immutability rule.',
  params,
  headers,
  responses: { 200: null, ...onOne },
});

export const immutableRecords: readonly RouteRecord[] = [
  listImmutableRules,
  createImmutableRule,
  updateImmutableRule,
  deleteImmutableRule,
];
