import type { Describer } from '#registry/descriptions';
import type { Artifact, ArtifactReadModel } from '#registry/artifacts';
import type { ArtifactPartsReadModel } from '#registry/artifacts/parts';
import { type LabelStore, renderLabel } from '#registry/labels';
import type { TagPolicy } from '#registry/ports';
import { isIndexType } from '@entrepot/oci/media-types';
import { renderArtifact } from './render.ts';

export interface PagesDeps {
  readonly artifacts: ArtifactReadModel;
  readonly parts: ArtifactPartsReadModel;
  readonly labels: Pick<LabelStore, 'on'>;
  readonly describer: Pick<Describer, 'describe'>;
  readonly tagPolicy: TagPolicy;
}

/** What clients ask to see of artifacts. */
export interface WantedParts {
  readonly with_tag: boolean;
  readonly with_immutable_status: boolean;
  readonly with_label: boolean;
  readonly with_accessory: boolean;
  readonly with_inherited_accessory: boolean;
}

export interface Pages {
  /** Renders artifacts with what was asked for: one statement for each kind of part, however many artifacts there are. */
  render(page: readonly Artifact[], wanted: WantedParts): Promise<object[]>;
  /** Describes those that were pushed just now, or before there were descriptions, and reads them again. */
  describe(page: readonly Artifact[]): Promise<readonly Artifact[]>;
}

export function createPages({ artifacts, parts, labels, describer, tagPolicy }: PagesDeps): Pages {
  return {
    async describe(page) {
      const bare = page.filter(({ described }) => !described).map(({ id }) => id);
      if (bare.length === 0 || !(await describer.describe(bare))) return page;
      return artifacts.load(page.map(({ id }) => id));
    },
    async render(page, wanted) {
      const ids = page.map(({ id }) => id);
      const indexes = page.filter(({ mediaType }) => isIndexType(mediaType)).map(({ id }) => id);
      // A page is of one project.
      const projectId = wanted.with_immutable_status ? page[0]?.projectId : undefined;
      const [children, tags, labelled, accessories, inherited, guard] = await Promise.all([
        parts.childrenOf(indexes),
        wanted.with_tag ? parts.tagsOf(ids) : [],
        wanted.with_label ? labels.on(ids) : [],
        wanted.with_accessory ? parts.accessoriesOf(page) : [],
        wanted.with_inherited_accessory ? parts.inheritedBy(ids) : undefined,
        projectId === undefined ? undefined : tagPolicy.guardOf(projectId),
      ]);
      const childrenBy = Map.groupBy(children, ({ parentId }) => parentId);
      const tagsBy = Map.groupBy(tags, ({ artifactId }) => artifactId);
      const labelsBy = Map.groupBy(labelled, ({ manifestId }) => manifestId);
      const accessoriesBy = Map.groupBy(accessories, ({ subjectId }) => subjectId);
      const inheritedBy = inherited && Map.groupBy(inherited, ({ subjectId }) => subjectId);
      return page.map((artifact) =>
        renderArtifact(artifact, {
          children: childrenBy.get(artifact.id) ?? [],
          tags: tagsBy.get(artifact.id),
          isImmutable: ({ name }) => guard?.keeps(artifact.repository, name) === true,
          labels: labelsBy.get(artifact.id)?.map(({ label }) => renderLabel(label)),
          accessories: accessoriesBy.get(artifact.id),
          inherited: inheritedBy && (inheritedBy.get(artifact.id) ?? []),
        }),
      );
    },
  };
}
