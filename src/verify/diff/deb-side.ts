import { open } from 'node:fs/promises';
import { ByteSource } from '../../archive/byte-source.ts';
import { type DebReader, openDeb } from '../../archive/deb-reader.ts';
import type { TarItem } from '../../archive/entry.ts';
import { type ContentPlace, copyFromBlocks, copyPlaces } from './block-contents.ts';
import { contentEntry, FileList } from './file-list.ts';
import { listBlocks } from './list-blocks.ts';
import type { ListedFile } from './listed-file.ts';
import type { ListingCache } from './listing-cache.ts';
import type { TreeSide } from './tree-side.ts';
import { type BlockedData, readXzIndex } from './xz-index.ts';

/**
 * Opens a .deb to compare it. What was listed before of its blocks is not decompressed again.
 *
 * @throws what openDeb throws
 */
export async function openDebSide(path: string, listings: ListingCache): Promise<TreeSide> {
  const deb = await openDeb(path);
  const file = await open(path, 'r').catch(async (error: unknown) => {
    await deb.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await deb.close();
    await file.close();
  };
  try {
    const data = deb.members[2];
    const blocks =
      data === undefined || deb.dataCompression !== 'xz'
        ? undefined
        : await readXzIndex(file, data.offset, data.size);
    const blocked = blocks === undefined ? undefined : { file, blocks };
    return {
      path,
      kind: 'deb',
      controlFiles: await deb.controlFiles(),
      list: () =>
        blocked === undefined
          ? listItems(deb.data({ transient: true }), path)
          : listBlocks(path, blocked, listings),
      contents: (files, wanted, folder, mostBytes) =>
        copyContents(deb, blocked, files, wanted, folder, mostBytes),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listItems(items: AsyncIterable<TarItem>, path: string): Promise<Map<string, ListedFile>> {
  const files = new FileList(path);
  for await (const item of items) files.add(await contentEntry(item));
  return files.finish();
}

async function copyContents(
  deb: DebReader,
  blocked: BlockedData | undefined,
  files: ReadonlyMap<string, ListedFile>,
  wanted: ReadonlySet<string>,
  folder: string,
  mostBytes: number,
): Promise<Map<string, string>> {
  const places: ContentPlace[] = [];
  let left = mostBytes;
  for (const path of wanted) {
    const file = files.get(path);
    if (file?.offset === undefined || file.size > left) continue;
    left -= file.size;
    places.push({ path, offset: file.offset, size: file.size });
  }
  if (blocked !== undefined) return await copyFromBlocks(blocked, places, folder);
  const source = new ByteSource(deb.dataTar());
  try {
    return await copyPlaces(source, 0, places, folder);
  } finally {
    await source.close();
  }
}
