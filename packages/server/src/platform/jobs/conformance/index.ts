export { describeJobs } from './describe-jobs.ts';
