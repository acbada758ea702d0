import { createHash } from 'node:crypto';
import type { TarEntry, TarType } from '../../../src/archive/entry.ts';
import type { Example, ExampleEntry, ExampleFile } from '../../../src/lint/example.ts';
import { writeElf } from './elf-writer.ts';
import { type RawEntry, writeRawDeb } from './raw-deb.ts';
import { jailEpoch, jailName, mergeFields, soundFields, soundLockText, soundRootfs } from './sound-jail.ts';

const folder = `usr/lib/prodng/jails/${jailName}`;

/** Writes an example as a built jail, byte by byte: no writer of ours would make some of them. */
export function writeExampleDeb(path: string, example: Example): void {
  const entries = dataEntries(example);
  const { deb } = example;
  const md5sums = entries
    .filter(({ entry }) => entry.type === 'file')
    .map(({ entry, content }) => `${createHash('md5').update(content).digest('hex')}  ${entry.path}\n`)
    .join('');
  const fields = mergeFields(
    {
      Package: jailName,
      Version: '1.0',
      Architecture: 'amd64',
      Maintainer: 'Test <test@example.org>',
      'Installed-Size': '8',
      ...soundFields,
    },
    [example.control ?? '', deb?.control ?? ''].join('\n'),
  );
  const controlText = `${fields}Description: says hello\n`;
  const controlFiles = { control: controlText, md5sums, ...deb?.controlFiles };
  const control = Object.entries(controlFiles)
    .filter((pair): pair is [string, string] => pair[1] !== null)
    .map(([name, text]) => fileEntry(name, Buffer.from(text)));
  writeRawDeb(path, { control, data: entries, compression: deb?.compression ?? 'xz' });
}

function fileEntry(path: string, content: Buffer): RawEntry {
  return { entry: makeEntry(path, {}, content.length), content };
}

function dataEntries(example: Example): RawEntry[] {
  const files = new Map<string, ExampleFile>();
  const put = (prefix: string, all: Readonly<Record<string, ExampleFile | null>>): void => {
    for (const [path, file] of Object.entries(all)) {
      if (file === null) files.delete(prefix + path);
      else files.set(prefix + path, file);
    }
  };
  put(`${folder}/rootfs/`, soundRootfs);
  put(`${folder}/rootfs/`, example.rootfs ?? {});
  put(`${folder}/`, { 'jail.lock': soundLockText });
  put('', example.deb?.entries ?? {});
  for (const path of Array.from(files.keys())) addParents(files, path);
  const all = [...files].map(([path, file]) =>
    rawEntry(path, typeof file === 'string' ? { content: file } : file),
  );
  const isFolder = ({ entry }: RawEntry): boolean => entry.type === 'directory';
  const byPath = (a: RawEntry, b: RawEntry): number => (a.entry.path < b.entry.path ? -1 : 1);
  const folders = all.filter(isFolder).sort(byPath);
  const others = all.filter((entry) => !isFolder(entry)).sort(byPath);
  const { order, twice } = example.deb ?? {};
  if (order === 'reversed') folders.reverse();
  if (order === 'swapped') others.reverse();
  const repeated = others.filter(({ entry }) => entry.path === twice);
  const rootEntry = { entry: makeEntry('.', { type: 'directory' }, 0), content: Buffer.alloc(0) };
  return [rootEntry, ...folders, ...others, ...repeated];
}

function addParents(files: Map<string, ExampleFile>, path: string): void {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
  if (parent === '' || files.has(parent)) return;
  files.set(parent, { type: 'directory' });
  addParents(files, parent);
}

function rawEntry(path: string, file: ExampleEntry): RawEntry {
  const content =
    file.elf !== undefined
      ? writeElf(file.elf)
      : file.hex === undefined
        ? Buffer.from(file.content ?? '')
        : Buffer.from(file.hex, 'hex');
  return { entry: makeEntry(path, file, content.length), content };
}

function makeEntry(path: string, file: ExampleEntry, size: number): TarEntry {
  const type: TarType = file.type ?? 'file';
  const isLink = type === 'symlink';
  return {
    path,
    type,
    mode: file.mode ?? (type === 'directory' ? 0o755 : isLink ? 0o777 : 0o644),
    uid: file.uid ?? 0,
    gid: file.uid ?? 0,
    uname: file.uname ?? 'root',
    gname: file.uname ?? 'root',
    mtime: jailEpoch + (file.later ?? 0),
    size: type === 'file' ? size : 0,
    linkPath: type === 'hardlink' ? `${folder}/rootfs/${file.target ?? ''}` : (file.target ?? ''),
  };
}
