import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { sharedCache } from '../support/prodng.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** An empty folder that is gone after the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'prodng-template-'));
  folders.push(folder);
  return folder;
}

/** The environment of a maintainer at a fixed time. */
export const maintainerEnv = {
  ...process.env,
  DEBFULLNAME: 'A. Person',
  DEBEMAIL: 'a@example.org',
  SOURCE_DATE_EPOCH: '1700000000',
  PRODNG_CACHE_DIR: sharedCache,
};

/** A template of one's own, in a new folder: its manifest and files by path. */
export function templateOf(manifest: unknown, files: Record<string, string | Buffer>): string {
  const dir = join(scratchFolder(), 'own');
  const manifestText = typeof manifest === 'string' ? manifest : JSON.stringify(manifest);
  const all = { 'template.json': manifestText, ...prefixed(files) };
  for (const [path, content] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  }
  return dir;
}

function prefixed(files: Record<string, string | Buffer>): Record<string, string | Buffer> {
  return Object.fromEntries(Object.entries(files).map(([path, content]) => [`files/${path}`, content]));
}
