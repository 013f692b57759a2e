import { UsageError } from '#src/failures/failures';
import { readMoment } from './moment.ts';

export interface FilterOptions {
  readonly user: string | undefined;
  readonly operation: string | undefined;
  readonly resourceType: string | undefined;
  readonly resource: string | undefined;
  readonly failed: boolean;
  readonly since: string | undefined;
  readonly until: string | undefined;
}

/** A value of the filter language, taken as it is. Throws UsageError for what that language cannot say. */
function exactly(text: string, option: string): string {
  if (text.includes(',')) {
    throw new UsageError(`${option} must not hold a comma`);
  }
  return `\\${text}`;
}

/** What was asked for in the filter language of the API; undefined when nothing was. Throws UsageError. */
export function filterOf(options: FilterOptions, now: number): string | undefined {
  const { user, operation, resourceType, resource } = options;
  const from = readMoment(options.since, '--since', now);
  const to = readMoment(options.until, '--until', now);
  const conditions = [
    user === undefined ? undefined : `username=${exactly(user, '--user')}`,
    operation === undefined ? undefined : `operation=${exactly(operation, '--operation')}`,
    resourceType === undefined ? undefined : `resource_type=${exactly(resourceType, '--resource-type')}`,
    resource === undefined ? undefined : `resource=~${exactly(resource, '--resource').slice(1)}`,
    options.failed ? 'operation_result=false' : undefined,
    from === undefined && to === undefined ? undefined : `op_time=[${from ?? ''}~${to ?? ''}]`,
  ].filter((condition) => condition !== undefined);
  return conditions.length === 0 ? undefined : conditions.join(',');
}
