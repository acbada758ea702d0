import { open } from 'node:fs/promises';
import type { RootfsTree } from '../build/compose/rootfs-tree.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { type CpioEntry, cpioArchive } from './cpio.ts';

/**
 * What finds and mounts the root, on virtual and real machines; those that a kernel has built in or lacks are no
 * fault: the variants differ.
 */
const rootModules = [
  'virtio_pci',
  'virtio_blk',
  'virtio_scsi',
  'nvme',
  'ahci',
  'sd_mod',
  'xen-blkfront',
  'vmw_pvscsi',
  'dm_verity',
  'squashfs',
  'ext4',
  'efivarfs',
  'qemu_fw_cfg',
  'softdog',
] as const;

const folder = 0o040755;
const characterDevice = 0o020600;
const regularFile = 0o100644;
const program = 0o100755;

/**
 * The initramfs: PID 1, and the modules that it loads, each after those that it needs.
 *
 * @param dependencies the text of modules.dep, depmod(8)
 * @param wanted modules besides the usual ones: it is a fault when one of them is not there
 * @throws ProdngError IMAGE
 */
export async function makeInitrd(
  tree: RootfsTree,
  release: string,
  init: Buffer,
  dependencies: string,
  wanted: readonly string[],
): Promise<Buffer> {
  const base = `usr/lib/modules/${release}`;
  const byPath = new Map<string, string[]>();
  const byName = new Map<string, string>();
  for (const line of dependencies.split('\n')) {
    const [path, needs] = line.split(':');
    if (path === undefined || needs === undefined) continue;
    byPath.set(path, needs.trim() === '' ? [] : needs.trim().split(' '));
    byName.set(moduleName(path), path);
  }
  const builtIn = await builtInModules(tree, base);
  for (const name of wanted)
    if (!byName.has(canonical(name)) && !builtIn.has(canonical(name)))
      throw new ProdngError('IMAGE', `kernel.initrdModules: ${release} has no module ${name}`);
  // depmod lists what a module needs in the reverse order of loading
  const paths = new Set(
    [...rootModules, ...wanted].flatMap((name) => {
      const path = byName.get(canonical(name));
      return path === undefined ? [] : [...(byPath.get(path) ?? []).slice().reverse(), path];
    }),
  );
  const modules: CpioEntry[] = [];
  for (const path of paths)
    modules.push({
      path: `modules/${moduleName(path)}.ko`,
      mode: regularFile,
      content: await contentOf(tree, `${base}/${path}`),
    });
  const list = modules.map(({ path }) => `/${path}\n`).join('');
  return cpioArchive([
    ...['dev', 'proc', 'sys', 'run', 'root', 'modules'].map((path) => ({ path, mode: folder })),
    // the kernel opens it before init has a /dev
    { path: 'dev/console', mode: characterDevice, device: { major: 5, minor: 1 } },
    { path: 'init', mode: program, content: init },
    ...modules,
    { path: 'modules/list', mode: regularFile, content: Buffer.from(list) },
  ]);
}

async function builtInModules(tree: RootfsTree, base: string): Promise<Set<string>> {
  const text = (await contentOf(tree, `${base}/modules.builtin`)).toString('utf8');
  return new Set(text.split('\n').filter(Boolean).map(moduleName));
}

function moduleName(path: string): string {
  return canonical(path.replace(/^.*\//, '').replace(/\.ko(?:\.\w+)?$/, ''));
}

/** To the kernel, - and _ are alike in the names of modules. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

/** The bytes of a file of the tree. @throws ProdngError IMAGE when there is none */
export async function contentOf(tree: RootfsTree, path: string): Promise<Buffer> {
  const node = tree.nodes.get(path);
  if (node?.type !== 'file') throw new ProdngError('IMAGE', `the image has no file /${path}`);
  const { content } = node.file;
  if (Buffer.isBuffer(content)) return content;
  const file = await open(content.path, 'r');
  try {
    const bytes = Buffer.alloc(content.size);
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await file.read(bytes, done, bytes.length - done, content.offset + done);
      if (bytesRead === 0) throw new ProdngError('IO', `${content.path}: it is cut off`);
      done += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
