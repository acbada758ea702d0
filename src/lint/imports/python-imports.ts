import type { Rootfs } from '../rootfs.ts';
import { folderOf, pathElements, type Script, type ScriptImport } from './script.ts';

/** Modules that are compiled into Debian's interpreters of Python 3.9 to 3.13. */
const builtIn = new Set(
  (
    '__future__ __main__ _abc _ast _bisect _blake2 _codecs _collections _csv _datetime _elementtree _functools _heapq ' +
    '_imp _io _json _locale _md5 _operator _pickle _posixsubprocess _random _sha1 _sha256 _sha3 _sha512 _signal ' +
    '_socket _sre _stat _statistics _string _struct _symtable _thread _tracemalloc _typing _uuid _warnings _weakref ' +
    'array atexit binascii builtins cmath errno faulthandler fcntl gc grp itertools marshal math mmap posix pwd ' +
    'pyexpat resource select spwd sys syslog termios time unicodedata xxsubtype zlib'
  ).split(' '),
);

/** What a script imports at the left margin: nothing decides whether these lines are run. */
export function pythonImports(
  script: Script,
  rootfs: Rootfs,
  environment: Readonly<Record<string, string>>,
): ScriptImport[] {
  const folders = [folderOf(script.path), ...pathElements(environment.PYTHONPATH), ...libraryFolders(rootfs)];
  // without a standard library its missing modules cannot be known
  if (!folders.some((folder) => rootfs.at(`${folder}/os.py`) !== undefined)) return [];
  return importsOf(script).filter(({ module }) => {
    if (builtIn.has(module)) return false;
    return !folders.some((folder) => hasModule(rootfs, folder, module));
  });
}

function importsOf({ lines }: Script): ScriptImport[] {
  const imports: ScriptImport[] = [];
  let quotes: string | undefined;
  for (const [index, text] of lines.entries()) {
    const opened = quotes;
    quotes = quotesAfter(text, quotes);
    if (opened !== undefined) continue;
    const plain = /^import\s+(.+)$/.exec(text)?.[1]?.replace(/#.*$/, '');
    const from = /^from\s+([A-Za-z_][\w.]*)\s+import\b/.exec(text)?.[1];
    const names = from === undefined ? (plain?.split(/[,;]/) ?? []) : [from];
    for (const name of names) {
      const module = /^\s*([A-Za-z_]\w*)/.exec(name)?.[1];
      if (module !== undefined)
        imports.push({ module, line: index + 1, column: text.indexOf(module) + 1, text });
    }
  }
  return imports;
}

/** Which triple quotes are open after a line: an import statement in a docstring is text. */
function quotesAfter(text: string, open: string | undefined): string | undefined {
  let state = open;
  for (const [quotes] of text.matchAll(/"""|'''/g)) {
    if (state === undefined) state = quotes;
    else if (state === quotes) state = undefined;
  }
  return state;
}

function libraryFolders(rootfs: Rootfs): string[] {
  const versions = ['/usr/lib', '/usr/local/lib'].flatMap((lib) =>
    rootfs.children(lib).filter(({ path }) => /\/python3(?:\.\d+)?$/.test(path)),
  );
  return versions.flatMap(({ path }) => [path, `${path}/lib-dynload`, `${path}/dist-packages`]);
}

function hasModule(rootfs: Rootfs, folder: string, module: string): boolean {
  const found = rootfs.at(folder);
  if (found === undefined) return false;
  return rootfs.children(found.path).some(({ path }) => {
    const name = path.slice(path.lastIndexOf('/') + 1);
    return name === module || (name.startsWith(`${module}.`) && /\.(?:pyc?|so)$/.test(name));
  });
}
