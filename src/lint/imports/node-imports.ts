import { builtinModules } from 'node:module';
import type { Rootfs } from '../rootfs.ts';
import { folderOf, pathElements, type Script, type ScriptImport } from './script.ts';

const builtIn = new Set(builtinModules);

/** What a JavaScript file requires or imports by a bare name at the left margin. */
export function nodeImports(
  { path, lines }: Script,
  rootfs: Rootfs,
  environment: Readonly<Record<string, string>>,
): ScriptImport[] {
  const folders = [
    ...parents(folderOf(path)),
    ...pathElements(environment.NODE_PATH),
    '/usr/share/nodejs',
    '/usr/lib/nodejs',
  ];
  const imports: ScriptImport[] = [];
  for (const [index, text] of lines.entries()) {
    const name =
      /^(?:const|let|var)\s[^=]*=\s*require\(\s*['"]([^'"]+)['"]\s*\)/.exec(text)?.[1] ??
      /^import\s(?:[^'"]*\sfrom\s*)?['"]([^'"]+)['"]/.exec(text)?.[1];
    if (name === undefined || name.startsWith('.') || name.startsWith('/') || name.startsWith('node:'))
      continue;
    const module = name.startsWith('@')
      ? name.split('/').slice(0, 2).join('/')
      : (name.split('/')[0] ?? name);
    if (builtIn.has(name) || builtIn.has(module)) continue;
    if (folders.some((folder) => hasModule(rootfs, `${folder}/${module}`))) continue;
    imports.push({ module, line: index + 1, column: text.indexOf(name) + 1, text });
  }
  return imports;
}

function hasModule(rootfs: Rootfs, path: string): boolean {
  return ['', '.js', '.cjs', '.json', '.node'].some((suffix) => rootfs.at(path + suffix) !== undefined);
}

/** Each folder's node_modules on the way up. */
function parents(folder: string): string[] {
  const parts = folder.split('/');
  return parts.map((_, index) => `${parts.slice(0, parts.length - index).join('/')}/node_modules`);
}
