import { createHash } from 'node:crypto';
import { ProdngError } from '../error/prodng-error.ts';
import type { OutputFolder } from '../output/output-folder.ts';
import { besideDeb, readBeside } from '../verify/checks/beside.ts';
import { imageConfig } from './image-config.ts';
import { annotationsOf, imageReference, type JailImage } from './jail-image.ts';
import type { Layer } from './layer.ts';

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  artifactType?: string;
  platform?: { architecture: string; os: string };
  annotations?: Record<string, string>;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
const emptyType = 'application/vnd.oci.empty.v1+json';

/** Files beside a .deb that become referrers of its image. */
const evidence = [
  { suffix: '.cdx.json', type: 'application/vnd.cyclonedx+json' },
  { suffix: '.intoto.jsonl', type: 'application/vnd.in-toto+json' },
  { suffix: '.provenance.json', type: 'application/vnd.in-toto+json' },
] as const;

/**
 * Makes a folder into an OCI image layout: OCI image specification 1.1, image-layout.md. SBOM, provenance and
 * attestation are referrers of the image; they are also found by the tag schema of the distribution specification.
 *
 * @param layerFile name of the layer, in the folder; it becomes a blob
 * @returns the digest of the image's manifest: `sha256:...`
 */
export async function writeOciLayout(
  folder: OutputFolder,
  layerFile: string,
  image: JailImage,
): Promise<string> {
  const { layer } = image;
  if (layer === undefined) throw new ProdngError('INTERNAL', `${image.path}: an image without a layer`);
  const blobs = folder.folders('blobs/sha256');
  try {
    folder.move(layerFile, blobs, layer.sha256);
    const { digest, manifests } = await writeBlobs(blobs, image, layer);
    await folder.write('index.json', indexOf(manifests), 0o644, false);
    await folder.write('oci-layout', '{"imageLayoutVersion":"1.0.0"}', 0o644, false);
    return digest;
  } finally {
    blobs.close();
  }
}

async function writeBlobs(
  blobs: OutputFolder,
  image: JailImage,
  layer: Layer,
): Promise<{ digest: string; manifests: Descriptor[] }> {
  const config = await writeBlob(
    blobs,
    imageConfig(image, layer),
    'application/vnd.oci.image.config.v1+json',
  );
  const manifest = await writeBlob(
    blobs,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: manifestType,
      config,
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          digest: `sha256:${layer.sha256}`,
          size: layer.size,
        },
      ],
      annotations: annotationsOf(image),
    }),
    manifestType,
  );
  const referrers = await writeReferrers(blobs, image, manifest);
  const named = {
    ...manifest,
    platform: { architecture: image.architecture, os: 'linux' },
    annotations: { 'org.opencontainers.image.ref.name': imageReference(image) },
  };
  return { digest: manifest.digest, manifests: [named, ...referrers] };
}

async function writeReferrers(
  blobs: OutputFolder,
  image: JailImage,
  subject: Descriptor,
): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  for (const { suffix, type } of evidence) {
    const text = readBeside(besideDeb(image.path, suffix));
    if (text === undefined) continue;
    const title = { 'org.opencontainers.image.title': `${image.name}${suffix}` };
    const blob = { ...(await writeBlob(blobs, text, type)), annotations: title };
    const body = {
      schemaVersion: 2,
      mediaType: manifestType,
      artifactType: type,
      config: await writeBlob(blobs, '{}', emptyType),
      layers: [blob],
      subject,
      annotations: title,
    };
    found.push({
      ...(await writeBlob(blobs, JSON.stringify(body), manifestType)),
      artifactType: type,
      annotations: title,
    });
  }
  if (found.length === 0) return [];
  const list = await writeBlob(blobs, indexOf(found), indexType);
  const tag = { 'org.opencontainers.image.ref.name': subject.digest.replace(':', '-') };
  return [...found, { ...list, annotations: tag }];
}

function indexOf(manifests: readonly Descriptor[]): string {
  return JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
}

async function writeBlob(folder: OutputFolder, text: string, mediaType: string): Promise<Descriptor> {
  const bytes = Buffer.from(text);
  const digest = createHash('sha256').update(bytes).digest('hex');
  await folder.write(digest, bytes, 0o644, false);
  return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
}
