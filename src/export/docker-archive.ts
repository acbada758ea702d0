import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';
import { ProdngError } from '../error/prodng-error.ts';
import type { OutputFolder } from '../output/output-folder.ts';
import { imageConfig } from './image-config.ts';
import { imageReference, type JailImage } from './jail-image.ts';
import { packed } from './layer.ts';

/**
 * Writes an image as `docker load` reads it: docker before 25 reads no OCI layout.
 *
 * @param name of the new file in the folder
 * @param layerFile name of the layer in the folder
 * @param registry what the image's name begins with: `registry.example.org/team`
 * @returns the image's id: `sha256:...`
 */
export async function writeDockerArchive(
  folder: OutputFolder,
  name: string,
  layerFile: string,
  image: JailImage,
  registry: string,
): Promise<string> {
  const { layer } = image;
  if (layer === undefined) throw new ProdngError('INTERNAL', `${image.path}: an image without a layer`);
  const config = imageConfig(image, layer);
  const id = createHash('sha256').update(config).digest('hex');
  const layerName = `${layer.sha256}.tar`;
  const manifest = [
    { Config: `${id}.json`, RepoTags: [`${registry}/${imageReference(image)}`], Layers: [layerName] },
  ];
  const archive: Pack = pack();
  const mtime = new Date(image.created * 1000);
  const writing = folder.write(name, packed(archive), 0o644, false);
  // where writing fails, filling does as well, and says less
  writing.catch(() => {});
  try {
    await text(archive, `${id}.json`, config, mtime);
    const entry = archive.entry({ name: layerName, size: layer.size, mtime, mode: 0o644 });
    const layerFd = folder.openFile(layerFile);
    if (layerFd === undefined) throw new ProdngError('INTERNAL', `${image.path}: its layer is gone`);
    await pipeline(createReadStream('', { fd: layerFd }), entry);
    await text(archive, 'manifest.json', JSON.stringify(manifest), mtime);
    archive.finalize();
  } catch (error) {
    archive.destroy();
    await writing;
    throw error;
  }
  await writing;
  return `sha256:${id}`;
}

function text(archive: Pack, name: string, content: string, mtime: Date): Promise<void> {
  return new Promise((done, fail) =>
    archive.entry({ name, mtime, mode: 0o644 }, content, (error) => (error ? fail(error) : done())),
  );
}
