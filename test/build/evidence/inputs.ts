import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFile, type FileDigest } from '../../../src/build/evidence/file-digest.ts';
import type { LockedPackage } from '../../../src/lock/lock.ts';

export const epoch = Date.parse('2025-03-01T12:00:00Z') / 1000;

export function locked(name: string, version: string, architecture = 'amd64'): LockedPackage {
  return {
    name,
    version,
    architecture,
    poolPath: `pool/main/${name}_${architecture}.deb`,
    size: 1,
    sha256: 'a'.repeat(64),
    archive: 'bookworm',
    use: ['build'],
  };
}

/** A folder with one file that stands for a .deb. */
export async function makeFolder(): Promise<{ folder: string; deb: FileDigest; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
  const path = join(folder, 'hello_1.0_amd64.deb');
  await writeFile(path, 'stands for a .deb\n');
  return { folder, deb: await digestFile(path), remove: () => rm(folder, { recursive: true, force: true }) };
}
