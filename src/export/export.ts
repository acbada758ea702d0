import { fchmodSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { seccompFilter } from '../jail/confine/seccomp.ts';
import { FreshFolder } from '../output/fresh-folder.ts';
import { OutputFolder } from '../output/output-folder.ts';
import { composeProfile, composeProject, configurationFolder } from './compose.ts';
import { writeDockerArchive } from './docker-archive.ts';
import { type EnforcedDeclaration, type ExportFormat, enforcementOf } from './enforcement.ts';
import { type JailImage, readJailImage } from './jail-image.ts';
import { kubernetesObjects, profilePath } from './kubernetes.ts';
import { LayerWriter } from './layer.ts';
import { imageName, kubernetesName } from './names.ts';
import { writeOciLayout } from './oci-layout.ts';
import { configurationFiles } from './operator-values.ts';
import { quadletUnit } from './quadlet.ts';

export interface ExportOptions {
  debs: readonly string[];
  format: ExportFormat;
  /** A folder that is not there yet. */
  output: string;
  /** What images' names begin with: `registry.example.org/team`. */
  registry: string;
  /** Names of declarations that may be lost. */
  acceptLoss: readonly string[];
}

/** What became of one jail. */
export interface ExportedJail {
  name: string;
  version: string;
  /** What it is called there, where its own name is not allowed. */
  exportedName: string;
  /** Of the image's manifest, or its id for docker; absent for formats without an image. */
  digest?: string;
  treeSha256: string;
  declarations: EnforcedDeclaration[];
}

/**
 * Exports jails for another engine into a new folder. The same .debs give the same bytes.
 *
 * @throws ProdngError EXPORT_LOSS when something is lost that was not accepted, TARGET_EXISTS, USAGE, POLICY; what is
 *   wrong with a .deb
 */
export async function exportJails(options: ExportOptions): Promise<ExportedJail[]> {
  const { debs, format, output, acceptLoss } = options;
  const hasImage = format === 'oci' || format === 'docker-archive';
  const [first, ...others] = debs;
  if (first === undefined || (hasImage && others.length > 0))
    throw new ProdngError('USAGE', `--format ${format}: one .deb at a time`, {
      hint: 'kubernetes, compose and quadlet take several',
    });
  const fresh = await FreshFolder.make(output);
  const folder = OutputFolder.of(fresh.fd, output);
  try {
    const images: JailImage[] = [];
    for (const deb of debs) images.push(await readImage(deb, hasImage ? folder : undefined));
    assertDistinct(images);
    if (!hasImage) for (const image of images) assertPlainPaths(image, format);
    const exported = images.map((image) => describe(image, format));
    assertAccepted(exported, format, acceptLoss);
    const digest = await writeFormat(folder, images, options);
    if (hasImage) folder.remove(layerName);
    fchmodSync(fresh.fd, 0o755);
    await fresh.publish(true);
    return exported.map((one) => (digest === undefined ? one : { ...one, digest }));
  } catch (error) {
    await fresh.discard();
    throw error;
  } finally {
    folder.close();
  }
}

const layerName = 'layer.tar';

async function readImage(deb: string, folder: OutputFolder | undefined): Promise<JailImage> {
  if (folder === undefined) return await readJailImage(deb);
  const layer = new LayerWriter(folder, layerName);
  try {
    return await readJailImage(deb, layer);
  } catch (error) {
    await layer.abandon();
    throw error;
  }
}

function assertDistinct(images: readonly JailImage[]): void {
  const names = images.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ProdngError('USAGE', `${twice}: two of the .debs are of that package`);
}

/**
 * These formats have mounts as text with separators, and variables of systemd or compose in it: a path could add options to
 * its mount. In a jail's own runtime it is only a path.
 */
function assertPlainPaths({ path, declaration }: JailImage, format: ExportFormat): void {
  const paths = declaration.filesystem.flatMap((mount) =>
    mount.kind === 'ro' ? [mount.hostPath, mount.path] : [mount.path],
  );
  const odd = paths.find((each) => !/^[\p{L}\p{N}/._+@=~#-]+$/u.test(each));
  if (odd === undefined) return;
  throw new ProdngError(
    'DECLARATION',
    `${path}: Jail-Filesystem: ${format} cannot have the path ${JSON.stringify(odd)}`,
    {
      hint: 'use letters, digits and "/._+@=~#-" in it',
    },
  );
}

function describe(image: JailImage, format: ExportFormat): ExportedJail {
  const { name, version, treeSha256, declaration } = image;
  const exportedName = format === 'kubernetes' ? kubernetesName(name) : imageName(name);
  return { name, version, exportedName, treeSha256, declarations: enforcementOf(declaration, format) };
}

function assertAccepted(
  exported: readonly ExportedJail[],
  format: ExportFormat,
  acceptLoss: readonly string[],
): void {
  const accepted = new Set(acceptLoss.map((name) => name.toLowerCase()));
  const lost = exported.flatMap(({ name: jail, declarations }) =>
    declarations
      .filter(({ status, name }) => status === 'lost' && !accepted.has(name.toLowerCase()))
      .map(({ name, note }) => ({ name, text: `  ${jail}: ${name}: ${note}` })),
  );
  if (lost.length === 0) return;
  const names = [...new Set(lost.map(({ name }) => name))];
  throw new ProdngError(
    'EXPORT_LOSS',
    `${format}: would lose ${names.length} declarations\n${lost.map(({ text }) => text).join('\n')}`,
    { hint: `to go on without them: --accept-loss ${names.join(',')}` },
  );
}

async function writeFormat(
  folder: OutputFolder,
  images: readonly JailImage[],
  { format, registry }: ExportOptions,
): Promise<string | undefined> {
  const [image] = images;
  if (image === undefined) return undefined;
  switch (format) {
    case 'oci':
      return await writeOciLayout(folder, layerName, image);
    case 'docker-archive':
      return await writeDockerArchive(folder, 'image.tar', layerName, image, registry);
    case 'kubernetes':
      await writeKubernetes(folder, images, registry);
      return undefined;
    case 'compose':
      for (const each of images) {
        await writeProfile(folder, composeProfile(each), each);
        await writeConfiguration(folder, each);
      }
      await write(folder, 'compose.yaml', await yaml([composeProject(images, registry)]));
      return undefined;
    case 'quadlet':
      for (const each of images) {
        await writeProfile(folder, `${imageName(each.name)}.seccomp.json`, each);
        await write(folder, `${imageName(each.name)}.container`, quadletUnit(each, registry));
        await writeConfiguration(folder, each);
      }
      return undefined;
  }
}

async function writeKubernetes(
  folder: OutputFolder,
  images: readonly JailImage[],
  registry: string,
): Promise<void> {
  const resources: string[] = [];
  for (const image of images) {
    const file = `${kubernetesName(image.name)}.yaml`;
    await write(folder, file, await yaml(kubernetesObjects(image, registry)));
    await writeProfile(folder, `seccomp/${profilePath(image)}`, image);
    resources.push(file);
  }
  const kustomization = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', resources };
  await write(folder, 'kustomization.yaml', await yaml([kustomization]));
}

/** The package's own files of Jail-Configuration: an operator edits these copies. */
async function writeConfiguration(folder: OutputFolder, image: JailImage): Promise<void> {
  for (const { key, content } of configurationFiles(image))
    await write(folder, `${configurationFolder(image)}/${key}`, content);
}

/** The OCI runtime's form, which docker, podman and the kubelet read. */
async function writeProfile(folder: OutputFolder, path: string, { declaration }: JailImage): Promise<void> {
  await write(folder, path, `${JSON.stringify(seccompFilter(declaration.syscalls), undefined, 2)}\n`);
}

/** The whole folder is synced before it gets its name. */
async function write(folder: OutputFolder, path: string, text: string | Buffer): Promise<void> {
  const place = folder.folders(dirname(path));
  try {
    await place.write(basename(path), text, 0o644, false);
  } finally {
    place.close();
  }
}

async function yaml(documents: readonly unknown[]): Promise<string> {
  const { stringify } = await import('yaml');
  // YAML 1.1 as well: kubectl takes a bare `no` for false
  return documents
    .map((each) => stringify(each, { lineWidth: 0, version: '1.1', aliasDuplicateObjects: false }))
    .join('---\n');
}
