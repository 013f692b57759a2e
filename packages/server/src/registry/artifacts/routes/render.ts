import { iconOf } from '#registry/icons';
import { additionsOf, type Artifact } from '#registry/artifacts';
import type { Accessory, ArtifactChild, ArtifactTag } from '#registry/artifacts/parts';
import { isIndexType } from '@entrepot/oci/media-types';

/** As Harbor writes a time; never is the year one. */
export function renderTime(at: number): string {
  return at === 0 ? '0001-01-01T00:00:00.000Z' : new Date(at).toISOString();
}

export function renderTag(tag: ArtifactTag, isImmutable = false) {
  return {
    id: tag.id,
    repository_id: tag.repositoryId,
    artifact_id: tag.artifactId,
    name: tag.name,
    push_time: renderTime(tag.pushedAt),
    pull_time: renderTime(tag.pulledAt),
    immutable: isImmutable,
  };
}

export function renderAccessory(accessory: Accessory) {
  return {
    id: accessory.id,
    artifact_id: accessory.id,
    subject_artifact_id: accessory.subjectId,
    subject_artifact_digest: accessory.subjectDigest,
    subject_artifact_repo: accessory.repository,
    size: accessory.size,
    digest: accessory.digest,
    type: accessory.type,
    icon: iconOf(accessory.type),
    creation_time: renderTime(accessory.pushedAt),
  };
}

function renderChild(child: ArtifactChild) {
  return {
    parent_id: child.parentId,
    ...(child.childId === undefined ? {} : { child_id: child.childId }),
    child_digest: child.digest,
    ...(child.platform === undefined ? {} : { platform: textsOf(child.platform) }),
    ...(child.annotations === undefined ? {} : { annotations: child.annotations }),
    ...(child.urls === undefined ? {} : { urls: child.urls }),
  };
}

/** A platform is kept as it was pushed; it is shown where it is what it should be. */
function textsOf(platform: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = ['architecture', 'os', 'os.version', 'variant'].filter((name) => typeof platform[name] === 'string');
  const features = platform['os.features'];
  const known = Array.isArray(features) && features.every((one) => typeof one === 'string');
  return {
    ...Object.fromEntries(names.map((name) => [name, platform[name]])),
    ...(known ? { 'os.features': features } : {}),
  };
}

/** What is shown beside an artifact; what was not asked for is absent. */
export interface Beside {
  readonly children: readonly ArtifactChild[];
  readonly tags?: readonly ArtifactTag[] | undefined;
  readonly isImmutable?: ((tag: ArtifactTag) => boolean) | undefined;
  readonly labels?: readonly unknown[] | undefined;
  readonly accessories?: readonly Accessory[] | undefined;
  readonly inherited?: readonly Accessory[] | undefined;
}

export function renderArtifact(artifact: Artifact, beside: Beside) {
  const { children, tags, isImmutable, labels, accessories, inherited } = beside;
  return {
    id: artifact.id,
    type: artifact.type === '' ? 'UNKNOWN' : artifact.type,
    media_type: artifact.configType,
    manifest_media_type: artifact.mediaType,
    artifact_type: artifact.artifactType ?? artifact.configType,
    project_id: artifact.projectId,
    repository_id: artifact.repositoryId,
    repository_name: artifact.repository,
    digest: artifact.digest,
    size: artifact.size,
    icon: iconOf(artifact.type),
    push_time: renderTime(artifact.pushedAt),
    pull_time: renderTime(artifact.pulledAt),
    extra_attrs: artifact.extraAttrs,
    annotations: artifact.annotations ?? null,
    references: children.length === 0 ? null : children.map(renderChild),
    // Harbor has null for none.
    tags: tags === undefined || tags.length === 0 ? null : tags.map((tag) => renderTag(tag, isImmutable?.(tag))),
    labels: labels === undefined || labels.length === 0 ? null : labels,
    accessories: accessories === undefined || accessories.length === 0 ? null : accessories.map(renderAccessory),
    ...(inherited === undefined ? {} : { inherited_accessories: inherited.map(renderAccessory) }),
    addition_links: linksOf(artifact),
  };
}

function linksOf(artifact: Artifact): Record<string, { href: string; absolute: boolean }> {
  const slash = artifact.repository.indexOf('/');
  const [project, name] = [artifact.repository.slice(0, slash), artifact.repository.slice(slash + 1)];
  // Encoded twice, as Harbor's paths have it.
  const encoded = encodeURIComponent(encodeURIComponent(name));
  const base = `/api/v2.0/projects/${project}/repositories/${encoded}/artifacts/${artifact.digest}/additions`;
  const names = additionsOf({ type: artifact.type, isIndex: isIndexType(artifact.mediaType) });
  return Object.fromEntries(names.map((addition) => [addition, { href: `${base}/${addition}`, absolute: false }]));
}
