import { isUtf8 } from 'node:buffer';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import type { Template } from './template.ts';
import type { FillText } from './text-template.ts';
import type { Values } from './variables.ts';

/** One file of the new source, its place relative to the source's folder. */
export interface RenderedFile {
  path: string;
  content: string | Buffer;
  executable: boolean;
}

/**
 * Renders everything under a template's files/, in memory. Names of files and folders are templates as well; bytes
 * that are no text are taken as they are.
 *
 * @throws ProdngError TEMPLATE when a file is no template, neither file nor folder, or its name leads elsewhere
 */
export async function renderFiles(
  template: Template,
  values: Values,
  fill: FillText,
): Promise<RenderedFile[]> {
  const files: RenderedFile[] = [];
  const root = join(template.dir, 'files');
  const visit = async (folder: string, target: string): Promise<void> => {
    for (const name of (await readNames(folder)).sort()) {
      const source = join(folder, name);
      const status = await lstat(source);
      const path = `${target}${fillName(name, values, fill, source)}`;
      if (status.isDirectory()) await visit(source, `${path}/`);
      else if (status.isFile())
        files.push({
          path,
          content: fillContent(await readFile(source), values, fill, source),
          executable: (status.mode & 0o100) !== 0,
        });
      else throw templateFault(source, 'neither a file nor a folder');
    }
  };
  await visit(root, '');
  if (files.length === 0) throw templateFault(root, 'no files');
  refuseDuplicates(files, root);
  return files;
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw templateFault(folder, `cannot be read: ${reasonOf(error)}`);
  }
}

/** A value may hold anything: the name that it makes must stay one name in its own folder. */
function fillName(name: string, values: Values, fill: FillText, source: string): string {
  const filled = fill(name, values, source);
  if (/^\.{0,2}$|[/\0]/.test(filled)) throw templateFault(source, `becomes the file name "${filled}"`);
  return filled;
}

function fillContent(bytes: Buffer, values: Values, fill: FillText, source: string): string | Buffer {
  return isUtf8(bytes) && !bytes.includes(0) ? fill(bytes.toString('utf8'), values, source) : bytes;
}

function refuseDuplicates(files: readonly RenderedFile[], root: string): void {
  const seen = new Set<string>();
  for (const { path } of files) {
    if (seen.has(path)) throw templateFault(root, `two files become ${path}`);
    seen.add(path);
  }
}

function templateFault(place: string, what: string): ProdngError {
  return new ProdngError('TEMPLATE', `${place}: ${what}`, { hint: 'this is a fault of the template' });
}
