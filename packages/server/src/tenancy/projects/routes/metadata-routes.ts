import {
  addProjectMetadatas,
  deleteProjectMetadata,
  getProjectMetadata,
  listProjectMetadatas,
  updateProjectMetadata,
} from '@entrepot/contract/harbor/project-metadata';
import { RegistryError } from '#kernel/errors';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Projects } from '#tenancy/projects';

/** Harbor takes exactly one entry at a time. */
function onlyEntry(body: Readonly<Record<string, string>>): { readonly name: string; readonly value: string } {
  const [entry, ...more] = Object.entries(body);
  if (entry === undefined || more.length > 0) {
    throw new RegistryError('body-invalid', 'body: exactly one entry of metadata is taken at a time.');
  }
  return { name: entry[0], value: entry[1] };
}

export function metadataRoutes({ projects }: { readonly projects: Projects }): ManagedRoute[] {
  return [
    serve(listProjectMetadatas, async ({ project }) => ({ status: 200, body: await projects.metadataOf(project.id) })),
    serve(addProjectMetadatas, async ({ asker, project, body }) => {
      await projects.setMetadata(asker, project, { ...onlyEntry(body), isNew: true });
      return { status: 200 };
    }),
    serve(getProjectMetadata, async ({ project, params: { meta_name: name } }) => {
      const metadata = await projects.metadataOf(project.id);
      const value = Object.hasOwn(metadata, name) ? metadata[name] : undefined;
      if (value === undefined) {
        throw new RegistryError('object-not-found', `metadata ${name} of project ${project.name} not found`);
      }
      return { status: 200, body: { [name]: value } };
    }),
    serve(updateProjectMetadata, async ({ asker, project, params, body }) => {
      const { name, value } = onlyEntry(body);
      if (name !== params.meta_name) {
        throw new RegistryError('body-invalid', `body: the path names ${params.meta_name}, the body ${name}.`);
      }
      await projects.setMetadata(asker, project, { name, value, isNew: false });
      return { status: 200 };
    }),
    serve(deleteProjectMetadata, async ({ asker, project, params }) => {
      await projects.removeMetadata(asker, project, params.meta_name);
      return { status: 200 };
    }),
  ];
}
