import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareContents } from './compare-contents.ts';
import type { FileChange } from './file-change.ts';
import type { ListedFile } from './listed-file.ts';
import type { TreeSide } from './tree-side.ts';

/** Compared by their meaning, or following from the files. */
const leftOut = new Set(['control', 'md5sums']);

/** The other files of control.tar that differ: a maintainer script runs as root on the host. */
export async function compareControlFiles(
  old: TreeSide,
  now: TreeSide,
  folder: string,
): Promise<FileChange[]> {
  const changes: FileChange[] = [];
  const names = new Set([...old.controlFiles.keys(), ...now.controlFiles.keys()]);
  for (const name of [...names].toSorted()) {
    const [before, after] = [old.controlFiles.get(name), now.controlFiles.get(name)];
    if (leftOut.has(name) || (before !== undefined && after !== undefined && before.equals(after))) continue;
    const path = `DEBIAN/${name}`;
    if (before === undefined || after === undefined) {
      if (after !== undefined) changes.push({ path, kind: 'added', new: listed(after), differs: [] });
      if (before !== undefined) changes.push({ path, kind: 'removed', old: listed(before), differs: [] });
      continue;
    }
    const [oldFile, newFile] = [join(folder, 'old-control'), join(folder, 'new-control')];
    await writeFile(oldFile, before);
    await writeFile(newFile, after);
    const detail = await compareContents(oldFile, newFile, folder);
    changes.push({
      path,
      kind: 'changed',
      old: listed(before),
      new: listed(after),
      differs: before.length === after.length ? ['content'] : ['size', 'content'],
      ...(detail === undefined ? {} : { detail }),
    });
  }
  return changes;
}

function listed({ length: size }: Buffer): ListedFile {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, uname: '', gname: '', size, target: '', content: '' };
}
