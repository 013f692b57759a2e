import { z } from 'zod';
import { type RouteRecord, route } from '#src/route';
import { harborErrors, onOne, signedIn } from './errors.ts';
import { time } from './params.ts';

const workerPool = z
  .object({
    pid: z.int().optional(),
    worker_pool_id: z.string().optional(),
    start_at: time.optional(),
    heartbeat_at: time.optional(),
    concurrency: z.int().optional(),
    host: z.string().optional(),
  })
  .meta({ id: 'WorkerPool' });

const worker = z
  .object({
    id: z.string().optional(),
    pool_id: z.string().optional(),
    job_name: z.string().optional(),
    job_id: z.string().optional(),
    start_at: time.nullish(),
    check_in: z.string().optional(),
    checkin_at: time.nullish(),
  })
  .meta({ id: 'Worker' });

const jobQueue = z
  .object({
    job_type: z.string().optional(),
    count: z.int().optional(),
    latency: z.int().optional().meta({ description: 'Seconds that the oldest job has waited.' }),
    paused: z.boolean(),
  })
  .meta({ id: 'JobQueue' });

const tag = 'jobservice';
const at = 'system';
const path = '/api/v2.0/jobservice';
const word = z.string().min(1).max(128);

export const getWorkerPools = route({
  operationId: 'getWorkerPools',
  method: 'GET',
  path: `${path}/pools`,
  tag,
  permission: 'jobservice-monitor:list',
  at,
  summary: 'List the processes that work on jobs.',
  responses: { 200: z.array(workerPool), ...signedIn },
});

export const getWorkers = route({
  operationId: 'getWorkers',
  method: 'GET',
  path: `${path}/pools/{pool_id}/workers`,
  tag,
  permission: 'jobservice-monitor:list',
  at,
  summary: 'List what one process is working on, or with "all" every process.',
  params: z.object({ pool_id: word }),
  responses: { 200: z.array(worker), ...onOne },
});

export const stopRunningJob = route({
  operationId: 'stopRunningJob',
  method: 'PUT',
  path: `${path}/jobs/{job_id}`,
  tag,
  permission: 'jobservice-monitor:stop',
  at,
  summary: 'Stop a running job.',
  params: z.object({ job_id: word }),
  responses: { 200: null, ...onOne },
});

export const actionGetJobLog = route({
  operationId: 'actionGetJobLog',
  method: 'GET',
  path: `${path}/jobs/{job_id}/log`,
  tag,
  permission: 'jobservice-monitor:list',
  at,
  summary: 'Read the log of a job.',
  params: z.object({ job_id: word }),
  responses: { 200: z.string(), ...onOne },
  produces: 'text/plain',
});

export const listJobQueues = route({
  operationId: 'listJobQueues',
  method: 'GET',
  path: `${path}/queues`,
  tag,
  permission: 'jobservice-monitor:list',
  at,
  summary: 'List how many jobs of each kind wait, and for how long.',
  responses: { 200: z.array(jobQueue), ...signedIn, 404: harborErrors },
});

export const actionPendingJobs = route({
  operationId: 'actionPendingJobs',
  method: 'PUT',
  path: `${path}/queues/{job_type}`,
  tag,
  permission: 'jobservice-monitor:stop',
  at,
  summary: 'Stop, pause or resume the waiting jobs of one kind, or of "all".',
  params: z.object({ job_type: word }),
  body: z.object({ action: z.enum(['stop', 'pause', 'resume']) }).meta({ id: 'ActionRequest' }),
  responses: { 200: null, ...onOne, 422: harborErrors },
});

export const jobserviceRecords: readonly RouteRecord[] = [
  getWorkerPools,
  getWorkers,
  stopRunningJob,
  actionGetJobLog,
  listJobQueues,
  actionPendingJobs,
];
