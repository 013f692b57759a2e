import { addLabel, removeLabel } from '@entrepot/contract/harbor/artifact';
import { type ManagedRoute, serve } from '#platform/http/management';
import type { Labels } from '#registry/labels';
import type { Locate } from './locate.ts';

export function artifactLabelRoutes({
  locate,
  labels,
}: {
  readonly locate: Locate;
  readonly labels: Labels;
}): ManagedRoute[] {
  return [
    serve(addLabel, async ({ asker, project, params, body }) => {
      const artifact = await locate.artifact(locate.place(project, params), params.reference);
      await labels.attach(asker, project, artifact, body.id);
      return { status: 200 };
    }),
    serve(removeLabel, async ({ asker, project, params }) => {
      const artifact = await locate.artifact(locate.place(project, params), params.reference);
      await labels.detach(asker, project, artifact, params.label_id);
      return { status: 200 };
    }),
  ];
}
