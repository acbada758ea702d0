import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { type BuildImageOptions, buildImage } from './build-image.ts';
import { stripImage } from './sign-image.ts';
import { withTemporaryFolder } from './temporary-folder.ts';

/**
 * Builds an image source again, and compares the bytes with those of a slot image without its signatures.
 *
 * @throws what buildImage throws
 */
export async function rebuildImage(
  path: string,
  options: Omit<BuildImageOptions, 'output'>,
): Promise<{ name: 'rebuild'; result: 'passed' | 'failed'; message: string }> {
  return await withTemporaryFolder('rebuild', async (folder) => {
    const stripped = await stripImage(path, join(folder, 'unsigned.slot'));
    const built = await buildImage({ ...options, output: join(folder, 'built') });
    const digest = await sha256Of(built.path);
    const same = digest === stripped.sha256;
    const message = same
      ? `the same ${built.size} bytes: SHA-256 ${digest}`
      : `SHA-256 ${digest}, and of the image without signatures ${stripped.sha256}`;
    return { name: 'rebuild', result: same ? 'passed' : 'failed', message };
  });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}
