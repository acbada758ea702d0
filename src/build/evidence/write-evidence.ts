import { basename, join } from 'node:path';
import type { Paragraph } from '../../control/deb822-types.ts';
import type { JailSource } from '../../control/jail-source.ts';
import { readFileBeneath } from '../../kernel/beneath-file.ts';
import { type Lock, packagesFor } from '../../lock/lock.ts';
import type { LockedInput } from '../../lock/locked-input.ts';
import type { OutputFolder } from '../../output/output-folder.ts';
import type { RootfsTree } from '../compose/rootfs-tree.ts';
import { builtControl } from '../hand-over.ts';
import { buildEnvironment } from '../jail/build-package.ts';
import { formatBuildinfo } from './buildinfo.ts';
import { readChangelogText } from './changelog-text.ts';
import { formatChanges } from './changes.ts';
import { digestFile, digestText, type FileDigest } from './file-digest.ts';
import { formatProvenance, localBuilder } from './provenance.ts';
import { rootfsPackages } from './rootfs-packages.ts';
import { formatSbom } from './sbom.ts';

export interface EvidenceInput {
  /** The unsigned .deb, in the folder where the evidence goes. */
  deb: string;
  /** The other binary packages of the source, beside it. */
  others?: readonly string[];
  source: JailSource;
  /** The control stanza of the package as built. */
  control: Paragraph;
  architecture: string;
  /** SHA-256 of the source as the build saw it. */
  sourceSha256: string;
  lock: Lock;
  /** What the build was given beside the locked packages. */
  inputs?: readonly LockedInput[];
  /** Its text, as it is embedded. */
  lockText: string;
  tree: RootfsTree;
  /** The folder to write to. */
  output: OutputFolder;
  /** URI of the builder (default: a generic one). */
  builder?: string;
}

/** Where each piece of evidence is. */
export interface Evidence {
  buildinfo: string;
  changes: string;
  /** CycloneDX, JSON. */
  sbom: string;
  /** An in-toto statement, unsigned. */
  provenance: string;
  /** The other binary packages that the .changes lists. */
  others: string[];
}

/**
 * Writes the evidence of a .deb's origin beside it. It depends on the input only: two builds give the same bytes.
 *
 * @throws ProdngError IO
 */
export async function writeEvidence(input: EvidenceInput): Promise<Evidence> {
  const { source, architecture, output } = input;
  const deb = await digestFile(input.deb);
  const others = await Promise.all((input.others ?? []).map(otherPackage));
  const stem = deb.name.replace(/\.deb$/, '');
  const upload = `${source.sourceName}_${withoutEpoch(source.version)}_${architecture}`;
  const names = {
    buildinfo: `${upload}.buildinfo`,
    changes: `${upload}.changes`,
    sbom: `${stem}.cdx.json`,
    provenance: `${stem}.provenance.json`,
  };
  const buildinfo = buildinfoText(input, deb, others);
  await output.write(names.buildinfo, buildinfo);
  await output.write(names.sbom, sbomText(input, deb));
  // an attestation of an earlier build is about other bytes
  output.remove(`${stem}.intoto.jsonl`);
  await output.write(names.provenance, provenanceText(input, deb));
  const changes = changesText(input, deb, others, digestText(names.buildinfo, buildinfo));
  await output.write(names.changes, changes);
  const at = (name: string): string => join(output.path, name);
  return {
    buildinfo: at(names.buildinfo),
    changes: at(names.changes),
    sbom: at(names.sbom),
    provenance: at(names.provenance),
    others: [...(input.others ?? [])],
  };
}

/** A plain package of the same source. */
interface OtherPackage {
  digest: FileDigest;
  control: Paragraph;
}

async function otherPackage(path: string): Promise<OtherPackage> {
  return { digest: await digestFile(path), control: await builtControl(path, basename(path)) };
}

function buildinfoText(
  { source, architecture, lock }: EvidenceInput,
  deb: FileDigest,
  others: readonly OtherPackage[],
): string {
  const { sourceName, packageName, version, sourceDateEpoch } = source;
  const origin = lock.archives[0]?.origin;
  return formatBuildinfo({
    source: sourceName,
    version,
    binaries: [packageName, ...others.map(({ control }) => control.get('Package') ?? '')],
    architecture,
    files: [deb, ...others.map(({ digest }) => digest)],
    buildRoot: packagesFor(lock, 'build'),
    buildPath: `/build/${sourceName}-${withoutEpoch(version)}`,
    environment: buildEnvironment(sourceDateEpoch),
    sourceDateEpoch,
    ...(origin === undefined ? {} : { origin }),
  });
}

function sbomText({ source, architecture, lock, tree, inputs = [] }: EvidenceInput, deb: FileDigest): string {
  return formatSbom({
    name: source.packageName,
    version: source.version,
    architecture,
    sha256: deb.sha256,
    source: source.sourceName,
    sourceDateEpoch: source.sourceDateEpoch,
    packages: rootfsPackages(lock, tree),
    inputs,
  });
}

function provenanceText(input: EvidenceInput, deb: FileDigest): string {
  const { sourceName, version, sourceDateEpoch } = input.source;
  return formatProvenance({
    subject: { name: deb.name, sha256: deb.sha256 },
    source: { name: sourceName, version, sha256: input.sourceSha256 },
    lock: input.lock,
    ...(input.inputs === undefined ? {} : { inputs: input.inputs }),
    lockSha256: digestText('jail.lock', input.lockText).sha256,
    sourceDateEpoch,
    environment: buildEnvironment(sourceDateEpoch),
    builder: input.builder ?? localBuilder,
  });
}

function changesText(
  input: EvidenceInput,
  deb: FileDigest,
  others: readonly OtherPackage[],
  buildinfo: FileDigest,
): string {
  const { source, control, architecture } = input;
  const { dir, packageName, sourceStanza } = source;
  const changelog = readFileBeneath(dir, 'debian/changelog')?.toString('utf8') ?? '';
  const field = (stanza: Paragraph, name: string): string => stanza.get(name)?.trim() || '-';
  const place = (stanza: Paragraph) => ({
    section: field(stanza, 'Section'),
    priority: field(stanza, 'Priority'),
  });
  const summary = (stanza: Paragraph): string => stanza.get('Description')?.split('\n')[0] ?? '';
  return formatChanges({
    source: source.sourceName,
    version: source.version,
    binaries: [
      { name: packageName, summary: summary(control) },
      ...others.map((other) => ({
        name: other.control.get('Package') ?? '',
        summary: summary(other.control),
      })),
    ],
    architecture,
    distribution: source.distribution,
    maintainer: field(control, 'Maintainer'),
    changelog: readChangelogText(changelog, 'debian/changelog'),
    files: [
      { ...deb, ...place(control) },
      ...others.map((other) => ({ ...other.digest, ...place(other.control) })),
      { ...buildinfo, ...place(sourceStanza) },
    ],
    sourceDateEpoch: source.sourceDateEpoch,
  });
}

function withoutEpoch(version: string): string {
  return version.replace(/^\d+:/, '');
}
