/** A script, by its own path in the jail. */
export interface Script {
  path: string;
  lines: readonly string[];
}

/** The folder that a script is in. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** The elements of a search path variable. */
export function pathElements(value: string | undefined): string[] {
  return (value ?? '').split(':').filter((folder) => folder.startsWith('/'));
}

/** An import of a script. */
export interface ScriptImport {
  module: string;
  /** From 1. */
  line: number;
  column: number;
  text: string;
}
