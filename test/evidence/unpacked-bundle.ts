import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';

/** Unpacks a bundle with GNU tar, as nothing of ours would. */
export function unpackBundle(bundle: string, folder: string): string {
  mkdirSync(folder);
  execFileSync('tar', ['--zstd', '-xf', bundle, '-C', folder]);
  return folder;
}
