import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Component } from '../build/compose/component.ts';
import { composeRootfs } from '../build/compose/compose.ts';
import type { RootfsTree } from '../build/compose/rootfs-tree.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { ImageDeclaration } from './image-schema.ts';
import { readSourceFile } from './source-file.ts';

/** Where files that PID 1 reads are; src/image/init. */
const bootFolder = 'etc/prodng/boot';
/** The jails that come with an image. */
const shippedJails = 'usr/share/prodng/jails';
/** The keys of which one must have signed an update. */
const trustFolder = 'etc/prodng/trust';

/** Left out of every image: what a package manager, a login, a boot loader or an init of another kind would need. */
const alwaysPruned = [
  'docs',
  'man',
  'info',
  'locales',
  'lintian',
  '/usr/share/locale',
  '/usr/share/bash-completion',
  '/usr/share/zsh',
  '/usr/share/fish',
  '/usr/include',
  '/usr/lib/systemd',
  '/usr/share/initramfs-tools',
  '/etc/init.d',
  '/etc/cron*',
  '/etc/default',
  '/etc/pam.d',
  '/etc/kernel',
  '/etc/apparmor.d',
];

/** Programs that read commands from a person or a script (the targets of links count by their own name). */
const shells =
  /^usr\/(?:local\/)?s?bin\/(?:sh|ash|bash|rbash|dash|ksh\w*|mksh|zsh\w*|fish|csh|tcsh|busybox)$/;
const packageManagers = /^usr\/s?bin\/(?:dpkg|apt|apt-get|aptitude|rpm|snap|flatpak|npm|npx|pip3?)$/;

/** A composed root, and what of the kernel's package does not stay in it. */
export interface ComposedImage {
  tree: RootfsTree;
  /** The release of the kernel: 6.1.0-30-cloud-amd64. */
  release: string;
  kernel: Buffer;
}

/**
 * Composes the root of a base image from its packages and the image source. Nothing is executed.
 *
 * @param dir the image source
 * @throws ProdngError COMPOSE when packages conflict; IMAGE when there is no kernel or two, or a shell or a package
 *   manager would be in an image that is not for debugging
 */
export async function composeImage(
  dir: string,
  image: ImageDeclaration,
  components: readonly Component[],
): Promise<ComposedImage> {
  const tree = await composeRootfs(components, {
    prune: [...alwaysPruned, ...image.prune.map(({ path }) => path)],
    user: 'root',
    filesystem: [],
    compose: 'extract',
  });
  const { release, kernel } = await takeKernel(tree);
  const put = (path: string, content: string | Buffer): void => {
    tree.nodes.delete(path);
    tree.addFile(path, content);
  };
  put('etc/hostname', `${image.name}\n`);
  put('etc/os-release', osRelease(image));
  put('etc/prodng/agent.json', `${JSON.stringify(image.agent, undefined, 2)}\n`);
  tree.addFolder('etc/prodng/jails.d');
  // the agent mounts trees of jails on one of those that FHS 3.0 has for mounts
  for (const path of ['mnt', 'srv']) tree.addFolder(path);
  tree.addFolder(trustFolder);
  put(`${bootFolder}/network`, networkLines(image));
  put(`${bootFolder}/sysctl`, sysctls(image));
  if (image.debug) put(`${bootFolder}/debug`, '');
  for (const { from, to } of image.files) put(to.replace(/^\/+/, ''), readSourceFile(dir, from));
  for (const from of image.jails) put(`${shippedJails}/${basename(from)}`, readSourceFile(dir, from));
  for (const from of image.trust) put(`${trustFolder}/${basename(from)}`, readSourceFile(dir, from));
  // /var is the data partition: nothing of the image may be hidden below it
  for (const path of tree.nodes.keys()) if (path.startsWith('var/')) tree.nodes.delete(path);
  if (!image.debug) refuseTools(tree);
  return { tree, release, kernel };
}

async function takeKernel(tree: RootfsTree): Promise<{ release: string; kernel: Buffer }> {
  const found = [...tree.nodes].filter(([path]) => /^boot\/vmlinuz-[^/]+$/.test(path));
  const [first] = found;
  const [path, node] = first ?? [];
  if (path === undefined || node?.type !== 'file' || found.length !== 1)
    throw new ProdngError('IMAGE', `the image has ${found.length} kernels: it needs one`, {
      hint: 'the kernel comes by kernel.variant; leave linux-image packages out of packages',
    });
  const { content } = node.file;
  const kernel = Buffer.isBuffer(content)
    ? content
    : (await readFile(content.path)).subarray(content.offset, content.offset + content.size);
  for (const each of tree.nodes.keys())
    if (each === 'boot' || each.startsWith('boot/')) tree.nodes.delete(each);
  return { release: path.slice('boot/vmlinuz-'.length), kernel };
}

function refuseTools(tree: RootfsTree): void {
  const found: string[] = [];
  for (const [path, node] of tree.nodes)
    if (node.type !== 'directory' && (shells.test(path) || packageManagers.test(path)))
      found.push(`/${path} of ${node.component?.name ?? 'the image source'}`);
  if (found.length === 0) return;
  throw new ProdngError(
    'IMAGE',
    `a shell or a package manager would be in the image:\n  ${found.join('\n  ')}`,
    {
      hint: 'leave the package out (without), prune the file with a reason, or set debug: true',
    },
  );
}

function osRelease({ name, version }: ImageDeclaration): string {
  const facts = { ID: 'prodng', ID_LIKE: 'debian', NAME: 'ProdNG', IMAGE_ID: name, IMAGE_VERSION: version };
  return Object.entries({ ...facts, PRETTY_NAME: `"${name} ${version} (ProdNG)"` })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

/** For PID 1, as a credential prodng.network has it: interface, address, gateway. */
function networkLines({ network }: ImageDeclaration): string {
  return network
    .map(({ interface: name, address, gateway }) => `${[name, address, gateway ?? ''].join(' ').trim()}\n`)
    .join('');
}

const defaultSysctls: Readonly<Record<string, string | number>> = {
  'kernel.dmesg_restrict': 1,
  'kernel.kptr_restrict': 2,
  'kernel.unprivileged_bpf_disabled': 1,
  'kernel.yama.ptrace_scope': 1,
  'kernel.sysrq': 0,
  'fs.protected_fifos': 2,
  'fs.protected_hardlinks': 1,
  'fs.protected_regular': 2,
  'fs.protected_symlinks': 1,
  'fs.suid_dumpable': 0,
  'kernel.core_pattern': '/dev/null',
  'net.ipv4.ip_forward': 0,
};

/** As paths below /proc/sys: sysctl(8) allows both separators, and names of interfaces may have dots. */
function sysctls({ sysctl }: ImageDeclaration): string {
  return Object.entries({ ...defaultSysctls, ...sysctl })
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name.replaceAll('.', '/')}=${value}\n`)
    .join('');
}
