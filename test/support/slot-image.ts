import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { formatManifest, type ImageManifest } from '../../src/image/manifest.ts';
import { writeSlot } from '../../src/image/slot.ts';
import { makeUki } from '../../src/image/uki.ts';
import { verityTree } from '../../src/image/verity.ts';

const slotSize = 40 * 2 ** 20;
const date = 1_700_000_000;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

export interface SlotImage {
  version?: string;
  packages?: ImageManifest['packages'];
  /** Words of the kernel's command line. */
  words?: readonly string[];
  debug?: boolean;
}

/** Writes an unsigned slot image with the stub of Debian, and bytes for kernel and initrd that boot nothing. */
export async function makeSlotImage(path: string, root: Buffer, image: SlotImage = {}): Promise<void> {
  const { version = '1.0', packages = [], words = ['quiet'], debug = false } = image;
  const data = Buffer.concat([root, Buffer.alloc((4096 - (root.length % 4096)) % 4096)]);
  const { rootHash: hash, dataBlocks, tree } = await verityTree(once(data));
  const place = { hash, dataBlocks, hashBlocks: tree.length / 4096 };
  const commandLine = [`prodng.root=${hash}`, ...words].join(' ');
  const initrd = Buffer.alloc(3000, 'i');
  const uki = makeUki({
    stub: await readFile('/usr/lib/systemd/boot/efi/linuxx64.efi.stub'),
    osRelease: Buffer.from('ID=prodng\n'),
    commandLine,
    kernel: Buffer.alloc(5000, 'k'),
    initrd,
  });
  const manifest = formatManifest({
    format: 1,
    name: 'host',
    version,
    architecture: 'amd64',
    date,
    debug,
    slotSize,
    kernel: { package: 'linux', version: '6.1', release: '6.1.0', commandLine },
    root: { ...place, bytes: 1, files: 1 },
    uki: { size: uki.length, sha256: sha256(uki) },
    initrd: { size: initrd.length, sha256: sha256(initrd) },
    source: { image: sha256(root), lock: sha256(root) },
    packages,
  });
  await writeSlot(path, {
    slotSize,
    date,
    root: place,
    rootBytes: () => once(Buffer.concat([data, tree])),
    manifest: Buffer.from(manifest),
    signature: Buffer.alloc(0),
    uki,
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
