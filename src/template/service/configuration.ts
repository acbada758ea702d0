import type { Closure, ClosureFile } from './closure.ts';

/** The configuration files that a command line names and the packages bring. */
export function configurationFiles(argv: readonly string[], closure: Closure): ClosureFile[] {
  return argv.slice(1).flatMap((argument) => {
    const path = /(?:^|[=,])(\/[^=,]+)/.exec(argument)?.[1];
    const file = path === undefined ? undefined : closure.file(path);
    return file === undefined || !file.path.startsWith('/etc/') ? [] : [file];
  });
}

/** The absolute paths that a text names outside of its comments. */
export function pathsIn(text: string): string[] {
  const plain = text.replace(/^\s*[#;].*$/gm, '');
  return [...plain.matchAll(/(?<![\w.:/])\/[\w.+@-]+(?:\/[\w.+@-]+)+/g)].map(([path]) => path);
}
