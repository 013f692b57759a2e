import type { RouteRecord } from '#src/route';
import { artifactRecords } from './artifact.ts';
import { auditlogRecords } from './auditlog.ts';
import { configureRecords } from './configure.ts';
import { healthRecords } from './health.ts';
import { iconRecords } from './icon.ts';
import { labelRecords } from './label.ts';
import { ldapRecords } from './ldap.ts';
import { memberRecords } from './member.ts';
import { oidcRecords } from './oidc.ts';
import { permissionRecords } from './permission.ts';
import { pingRecords } from './ping.ts';
import { projectMetadataRecords } from './project-metadata.ts';
import { projectRecords } from './project.ts';
import { quotaRecords } from './quota.ts';
import { repositoryRecords } from './repository.ts';
import { robotV1Records } from './robot-v1.ts';
import { robotRecords } from './robot.ts';
import { searchRecords } from './search.ts';
import { statisticRecords } from './statistic.ts';
import { systeminfoRecords } from './systeminfo.ts';
import { userGroupRecords } from './user-group.ts';
import { userRecords } from './user.ts';

/** What people do with the registry: Harbor's operations on projects, accounts, artifacts and settings. */
export const peopleRecords: readonly RouteRecord[] = [
  ...projectRecords,
  ...projectMetadataRecords,
  ...memberRecords,
  ...userRecords,
  ...userGroupRecords,
  ...robotRecords,
  ...robotV1Records,
  ...repositoryRecords,
  ...artifactRecords,
  ...labelRecords,
  ...quotaRecords,
  ...searchRecords,
  ...statisticRecords,
  ...systeminfoRecords,
  ...configureRecords,
  ...ldapRecords,
  ...oidcRecords,
  ...auditlogRecords,
  ...permissionRecords,
  ...healthRecords,
  ...pingRecords,
  ...iconRecords,
];
