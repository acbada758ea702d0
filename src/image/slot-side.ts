import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { writeOutput } from '../output/write-output.ts';
import { normalizeLinks } from '../verify/diff/listed-file.ts';
import type { TreeSide } from '../verify/diff/tree-side.ts';
import type { OpenSlot } from './slot.ts';
import { readContents } from './squashfs/contents.ts';
import { malformed, type ReadAt } from './squashfs/superblock.ts';
import { type FileContent, readTree } from './squashfs/tree.ts';

/** The root of a slot image as one side of a comparison. The squashfs is read by our own code: nothing is mounted. */
export function slotSide(slot: OpenSlot): TreeSide {
  const read: ReadAt = (offset, size) => {
    if (offset + size > slot.header.dataBlocks * 4096) throw malformed('it ends too early');
    return slot.readRoot(offset, size);
  };
  const tree = readTree(read);
  // a rejection is the caller's when it asks
  tree.catch(() => {});
  return {
    path: slot.path,
    kind: 'rootfs',
    controlFiles: new Map(),
    async list() {
      const { files, contents } = await tree;
      const digests = new Map<FileContent, string>();
      let hash = createHash('sha256');
      for await (const { content, bytes, isEnd } of readContents(
        read,
        await tree,
        new Set(contents.values()),
      )) {
        hash.update(bytes);
        if (!isEnd) continue;
        digests.set(content, hash.digest('base64'));
        hash = createHash('sha256');
      }
      for (const [path, content] of contents) {
        const file = files.get(path);
        if (file !== undefined) file.content = digests.get(content) ?? '';
      }
      normalizeLinks(files);
      return files;
    },
    async contents(_files, wanted, folder, mostBytes) {
      const { contents } = await tree;
      const names = new Map<FileContent, string>();
      const places = new Map<string, string>();
      let size = 0;
      for (const path of [...wanted].sort()) {
        const content = contents.get(path);
        if (content === undefined) continue;
        if (!names.has(content)) {
          size += content.size;
          if (size > mostBytes) break;
          names.set(content, join(folder, String(names.size)));
        }
        places.set(path, names.get(content) ?? '');
      }
      let pieces: Uint8Array[] = [];
      for await (const { content, bytes, isEnd } of readContents(read, await tree, new Set(names.keys()))) {
        pieces.push(bytes);
        if (!isEnd) continue;
        await writeOutput(names.get(content) ?? '', Buffer.concat(pieces), 0o600);
        pieces = [];
      }
      return places;
    },
    async close() {},
  };
}
