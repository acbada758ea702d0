import type { Rootfs } from '../rootfs.ts';
import { pathElements, type Script, type ScriptImport } from './script.ts';

/** What a Perl script uses at the left margin. */
export function perlImports(
  { lines }: Script,
  rootfs: Rootfs,
  environment: Readonly<Record<string, string>>,
): ScriptImport[] {
  // a script that changes @INC finds modules elsewhere
  if (lines.some((text) => /^\s*use\s+lib\b|@INC\b/.test(text))) return [];
  const folders = [...pathElements(environment.PERL5LIB), ...libraryFolders(rootfs)];
  if (!folders.some((folder) => rootfs.at(`${folder}/strict.pm`) !== undefined)) return [];
  const end = lines.findIndex((text) => /^__(?:END|DATA)__/.test(text));
  const imports: ScriptImport[] = [];
  let isPod = false;
  for (const [index, text] of lines.slice(0, end < 0 ? undefined : end).entries()) {
    if (/^=[a-z]/.test(text)) isPod = !text.startsWith('=cut');
    const module = isPod ? undefined : /^use\s+([A-Z]\w*(?:::\w+)*)/.exec(text)?.[1];
    if (module === undefined) continue;
    const file = `${module.replaceAll('::', '/')}.pm`;
    if (folders.some((folder) => rootfs.at(`${folder}/${file}`) !== undefined)) continue;
    imports.push({ module, line: index + 1, column: text.indexOf(module) + 1, text });
  }
  return imports;
}

/** @INC of Debian's perl. */
function libraryFolders(rootfs: Rootfs): string[] {
  const multiarch = rootfs
    .children('/usr/lib')
    .filter(({ path }) => path.includes('-linux-gnu'))
    .flatMap(({ path }) => rootfs.children(path));
  const all = [...multiarch, ...rootfs.children('/usr/share/perl'), ...rootfs.children('/usr/lib')];
  const versioned = all.flatMap(({ path }) => {
    if (/\/perl\/?$/.test(path)) return rootfs.children(path).map((child) => child.path);
    return /\/(?:perl5|perl-base|perl\/[\d.]+)(?:\/[\d.]+)?$/.test(path)
      ? [path, ...rootfs.children(path).map((child) => child.path)]
      : [];
  });
  return ['/etc/perl', '/usr/share/perl5', '/usr/local/share/perl5', ...versioned];
}
