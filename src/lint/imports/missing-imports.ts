import { programAndScript } from '../command-line.ts';
import type { DebSubject } from '../subject.ts';
import { nodeImports } from './node-imports.ts';
import { perlImports } from './perl-imports.ts';
import { pythonImports } from './python-imports.ts';
import type { ScriptImport } from './script.ts';

export interface MissingImport extends ScriptImport {
  /** The script. */
  path: string;
}

const mostScript = 2 ** 20;

/** The modules that the command's script asks for without condition and the rootfs does not have. */
export function missingImports(subject: DebSubject): MissingImport[] {
  const { rootfs, declaration } = subject;
  const [program, argument] = programAndScript(declaration?.command ?? []);
  const path = argument ?? program;
  if (path === undefined || declaration === undefined) return [];
  const node = rootfs.at(path);
  const text = node === undefined ? undefined : rootfs.contents.get(node.path);
  if (node === undefined || text === undefined || text.length > mostScript) return [];
  const interpreter = node.what?.kind === 'script' ? node.what.line : (program ?? '');
  const script = { path: node.path, lines: text.toString().split('\n') };
  const find = readers.find(([pattern]) => pattern.test(interpreter))?.[1];
  const missing = find?.(script, rootfs, declaration.environment) ?? [];
  return missing.map((each) => ({ ...each, path: node.path }));
}

const readers = [
  [/python3?(?:\.\d+)?(?:\s|$)/, pythonImports],
  [/\bperl(?:\s|$)/, perlImports],
  [/\bnode(?:js)?(?:\s|$)/, nodeImports],
] as const;
