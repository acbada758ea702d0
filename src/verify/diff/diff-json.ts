import type { ListedFile } from './listed-file.ts';
import type { TreeDiff } from './tree-diff.ts';

/** Writes a comparison as JSON. Modes are octal text, as chmod(1) takes them. */
export function diffJson(diff: TreeDiff): string {
  const files = diff.files.map((file) => ({
    ...file,
    ...(file.old === undefined ? {} : { old: facts(file.old) }),
    ...(file.new === undefined ? {} : { new: facts(file.new) }),
  }));
  return `${JSON.stringify({ ...diff, files }, undefined, 2)}\n`;
}

/** How contents are compared is internal. */
function facts({ content: _content, offset: _offset, mode, ...rest }: ListedFile) {
  return { ...rest, mode: mode.toString(8).padStart(4, '0') };
}
