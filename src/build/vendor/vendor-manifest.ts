import { join } from 'node:path';
import { type Diagnostic, ProdngError } from '../../error/prodng-error.ts';
import { readFileBeneath } from '../../kernel/beneath-file.ts';

/** A file of a vendor folder. */
export interface VendoredFile {
  /** Relative to the folder. */
  path: string;
  sha256: string;
}

/** The manifest's name. It has the form of sha256sum(1), so that a folder can be checked without prodng. */
export const manifestFile = 'SHA256SUMS';
/** The lock's name in a vendor folder. */
export const vendoredLock = 'jail.lock';

const line = /^([0-9a-f]{64}) {2}([\w+@~][\w+@~.,:=%-]*(?:\/[\w+@~][\w+@~.,:=%-]*)*)$/;

/** Writes a manifest: a line a file, sorted by path. */
export function formatManifest(files: readonly VendoredFile[]): string {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  return sorted.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join('');
}

/**
 * Reads a manifest.
 *
 * @param file the name that errors carry
 * @throws ProdngError CONTROL_SYNTAX with a diagnostic for every line that is none, or leads out of the folder
 */
export function parseManifest(text: string, file: string): VendoredFile[] {
  const files: VendoredFile[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [index, one] of text.split('\n').entries()) {
    if (one === '') continue;
    const [, sha256, path] = line.exec(one) ?? [];
    if (sha256 !== undefined && path !== undefined) files.push({ path, sha256 });
    else
      diagnostics.push({
        file,
        line: index + 1,
        message: `${JSON.stringify(one.slice(0, 200))}; allowed: 64 hex digits, two blanks, a relative path of plain names`,
      });
  }
  if (diagnostics.length === 0 && files.length > 0) return files;
  throw new ProdngError('CONTROL_SYNTAX', `${file}: not the manifest of a vendor folder`, { diagnostics });
}

/**
 * Reads the manifest of a vendor folder.
 *
 * @returns undefined when there is none
 * @throws ProdngError IO, CONTROL_SYNTAX
 */
export function readManifest(folder: string): VendoredFile[] | undefined {
  const bytes = readFileBeneath(folder, manifestFile);
  return bytes === undefined ? undefined : parseManifest(bytes.toString('utf8'), join(folder, manifestFile));
}
