import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareContents } from './compare-contents.ts';
import type { FileChange } from './file-change.ts';
import type { ListedFile } from './listed-file.ts';
import { changelogPaths } from './package-changelog.ts';
import type { TreeSide } from './tree-side.ts';

type List = ReadonlyMap<string, ListedFile>;

/** The contents of what differs, as files of the host, by their listed path. */
export interface SideContents {
  old: ReadonlyMap<string, string>;
  new: ReadonlyMap<string, string>;
  folder: string;
}

/** Brings out what is to be looked into: files that differ in content, the locks, changelogs that changed. */
export async function readContents(
  old: TreeSide,
  now: TreeSide,
  lists: readonly [List, List],
  files: readonly FileChange[],
  folder: string,
  mostBytes: number,
): Promise<SideContents> {
  const wanted = new Set(files.filter(isRewritten).map(({ path }) => path));
  const added = files.filter(({ path, kind }) => kind === 'added' && path.startsWith('/usr/share/doc/'));
  for (const { path } of added) {
    const name = path.split('/')[4] ?? '';
    if (changelogPaths(name).includes(path)) wanted.add(path);
  }
  if (wanted.size === 0) return { old: new Map(), new: new Map(), folder };
  const copy = async (side: TreeSide, list: List, name: string): Promise<ReadonlyMap<string, string>> => {
    const target = join(folder, name);
    await mkdir(target);
    return await side.contents(list, wanted, target, mostBytes);
  };
  const [oldFiles, newFiles] = await Promise.all([copy(old, lists[0], 'old'), copy(now, lists[1], 'new')]);
  return { old: oldFiles, new: newFiles, folder };
}

function isRewritten({ differs }: FileChange): boolean {
  return differs.includes('content');
}

/** Says what differs in each changed file. One that differs in a time stamp alone is left out. */
export async function addDetails(
  files: readonly FileChange[],
  contents: SideContents,
): Promise<FileChange[]> {
  const detailed: FileChange[] = [];
  for (const file of files) {
    if (!isRewritten(file)) {
      detailed.push(file);
      continue;
    }
    const [old, now] = [contents.old.get(file.path), contents.new.get(file.path)];
    if (old === undefined || now === undefined) {
      detailed.push({ ...file, detail: { kind: 'too-large' } });
      continue;
    }
    const detail = await compareContents(old, now, contents.folder);
    if (detail !== undefined) detailed.push({ ...file, detail });
    else if (file.differs.length > 1)
      detailed.push({ ...file, differs: file.differs.filter((each) => each !== 'content') });
  }
  return detailed;
}
