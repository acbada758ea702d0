import type { RootfsTree } from '../build/compose/rootfs-tree.ts';
import { formatBuildinfo } from '../build/evidence/buildinfo.ts';
import { digestFile, type FileDigest } from '../build/evidence/file-digest.ts';
import { formatProvenance } from '../build/evidence/provenance.ts';
import { rootfsPackages } from '../build/evidence/rootfs-packages.ts';
import { formatSbom } from '../build/evidence/sbom.ts';
import { type Lock, packagesFor } from '../lock/lock.ts';
import { writeOutput } from '../output/write-output.ts';
import type { ImageDeclaration } from './image-schema.ts';

/** Paths of what a build writes beside the slot image. */
export interface ImageEvidence {
  /** CycloneDX. */
  sbom: string;
  /** SLSA provenance, as an in-toto statement. */
  provenance: string;
  /** deb-buildinfo(5). */
  buildinfo: string;
}

export interface ImageEvidenceInput {
  /** The unsigned slot image. */
  slot: string;
  /** The path of the results without their extensions. */
  stem: string;
  image: ImageDeclaration;
  lock: Lock;
  tree: RootfsTree;
  /** Seconds since 1970. */
  date: number;
  imageSha256: string;
  lockSha256: string;
  builder: string;
}

/** Says what a slot image is made of, and where from. The same image gives the same bytes. @throws ProdngError IO */
export async function writeImageEvidence(input: ImageEvidenceInput): Promise<ImageEvidence> {
  const slot = await digestFile(input.slot);
  const texts = {
    sbom: ['.cdx.json', sbomOf(input, slot)],
    provenance: ['.provenance.json', provenanceOf(input, slot)],
    buildinfo: ['.buildinfo', buildinfoOf(input, slot)],
  } as const;
  for (const [extension, text] of Object.values(texts)) await writeOutput(`${input.stem}${extension}`, text);
  const path = (name: keyof typeof texts): string => `${input.stem}${texts[name][0]}`;
  return { sbom: path('sbom'), provenance: path('provenance'), buildinfo: path('buildinfo') };
}

function sbomOf({ image, lock, tree, date }: ImageEvidenceInput, { sha256 }: FileDigest): string {
  const { name, version, architecture } = image;
  const packages = rootfsPackages(lock, tree);
  return formatSbom({ name, version, sha256, sourceDateEpoch: date, architecture, source: name, packages });
}

function provenanceOf(input: ImageEvidenceInput, { name, sha256 }: FileDigest): string {
  const { image, lock, date, imageSha256, lockSha256, builder } = input;
  return formatProvenance({
    subject: { name, sha256 },
    source: { name: image.name, version: image.version, sha256: imageSha256 },
    lock,
    lockSha256,
    sourceDateEpoch: date,
    environment: {},
    builder,
  });
}

function buildinfoOf({ image, lock, date }: ImageEvidenceInput, slot: FileDigest): string {
  const { name, version, architecture } = image;
  const origin = lock.archives[0]?.origin;
  return formatBuildinfo({
    source: name,
    version,
    binaries: [name],
    architecture,
    files: [slot],
    buildRoot: packagesFor(lock, 'build'),
    buildPath: '/build',
    environment: {},
    sourceDateEpoch: date,
    ...(origin === undefined ? {} : { origin }),
  });
}
