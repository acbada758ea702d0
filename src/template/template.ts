import { readdir, readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import type { Manifest } from './manifest.ts';
import { ownTemplateFolder } from './template-folders.ts';

/** A folder that `prodng new` can render: template.json and files/. */
export interface Template extends Manifest {
  name: string;
  dir: string;
}

const manifestFile = 'template.json';
const templateName = /^[a-z0-9][a-z0-9+.-]*$/;

/**
 * All templates, sorted by name.
 *
 * @param dir a folder of templates to use instead of ProdNG's own
 * @throws ProdngError TEMPLATE when the folder cannot be read or a manifest in it is wrong
 */
export async function listTemplates(dir?: string): Promise<Template[]> {
  const folder = dir === undefined ? ownTemplateFolder() : resolve(dir);
  const names = (await readTemplateFolder(folder)).filter((name) => templateName.test(name)).sort();
  const templates = await Promise.all(names.map((name) => readTemplate(join(folder, name))));
  return templates.filter((template) => template !== undefined);
}

/**
 * The template of a name, or in a folder when `nameOrPath` begins as a path does (`/`, `./`, `../`).
 *
 * @param dir a folder of templates to look in before ProdNG's own
 * @throws ProdngError TEMPLATE when there is none, or its manifest is wrong
 */
export async function findTemplate(nameOrPath: string, dir?: string): Promise<Template> {
  const folders = isPath(nameOrPath) ? [''] : [...(dir === undefined ? [] : [dir]), ownTemplateFolder()];
  // A name with a slash in it could lead out of the folder of templates.
  if (isPath(nameOrPath) || templateName.test(nameOrPath))
    for (const folder of folders) {
      const template = await readTemplate(resolve(folder, nameOrPath));
      if (template !== undefined) return template;
    }
  throw new ProdngError('TEMPLATE', `${nameOrPath}: no such template`, {
    hint: isPath(nameOrPath)
      ? `a template is a folder with ${manifestFile} and files/`
      : `there are: ${(await templateNames(folders)).join(', ')}`,
  });
}

function isPath(text: string): boolean {
  return /^\.{0,2}\//.test(text);
}

async function templateNames(folders: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(folders.map((folder) => listTemplates(folder)));
  return [...new Set(lists.flat().map(({ name }) => name))].sort();
}

async function readTemplateFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new ProdngError('TEMPLATE', `${folder}: cannot be read: ${reasonOf(error)}`, {
      hint: 'name a folder that holds templates',
      cause: error,
    });
  }
}

/** The template in a folder, or undefined when the folder is none. */
async function readTemplate(dir: string): Promise<Template | undefined> {
  const path = join(dir, manifestFile);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new ProdngError('TEMPLATE', `${path}: cannot be read: ${reasonOf(error)}`, {
      cause: error,
    });
  }
  return { name: basename(dir), dir, ...(await parseManifest(text, path)) };
}

async function parseManifest(text: string, path: string): Promise<Manifest> {
  const [{ z }, { manifestSchema }] = await Promise.all([import('zod'), import('./manifest.ts')]);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProdngError('TEMPLATE', `${path}: no valid JSON: ${why}`, { cause: error });
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ProdngError('TEMPLATE', `${path}: no valid manifest\n${z.prettifyError(parsed.error)}`);
}
