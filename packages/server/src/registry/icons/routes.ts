import { getIcon } from '@entrepot/contract/harbor/icon';
import { RegistryError } from '#kernel/errors';
import { type ManagedRoute, serve } from '#platform/http/management';
import { findIcon } from './icons.ts';

export function iconRoutes(): ManagedRoute[] {
  return [
    serve(getIcon, async ({ params }) => {
      const icon = findIcon(params.digest);
      if (icon === undefined) throw new RegistryError('object-not-found', 'There is no such icon.');
      return { status: 200, body: { 'content-type': icon.contentType, content: icon.content } };
    }),
  ];
}
