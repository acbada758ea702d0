import type { DeclarationChange } from '../control/compare-declarations.ts';
import { compareSides } from '../verify/diff/diff.ts';
import type { FileChange } from '../verify/diff/file-change.ts';
import type { ListedFile } from '../verify/diff/listed-file.ts';
import { compareLists } from '../verify/diff/package-change.ts';
import { addChangelog } from '../verify/diff/package-changelog.ts';
import type { TreeDiff } from '../verify/diff/tree-diff.ts';
import type { ImageManifest } from './manifest.ts';
import { isSignedPe } from './pe.ts';
import { type OpenSlot, openSlot } from './slot.ts';
import { slotSide } from './slot-side.ts';

export interface DiffImageOptions {
  /** A .deb of the store by its SHA-256, for changelogs; it need not exist. */
  storedDeb: (sha256: string) => string;
}

/**
 * Compares two slot images for the review before one is deployed: what weakens the host first, then packages with the
 * changelogs in between, then files. What differs in time alone is not shown.
 *
 * @throws ProdngError IMAGE, IO, COMPRESSION
 */
export async function diffImages(
  oldPath: string,
  newPath: string,
  { storedDeb }: DiffImageOptions,
): Promise<TreeDiff> {
  const old = await openSlot(oldPath);
  try {
    const now = await openSlot(newPath);
    try {
      const result = await compareSides(slotSide(old), slotSide(now), { storedDeb });
      const packages = compareLists(old.manifest.packages, now.manifest.packages);
      for (const change of packages)
        await addChangelog(change, { rootfsFile: () => undefined, deb: storedDeb });
      return {
        ...result,
        old: sideOf(old),
        new: sideOf(now),
        declarations: [...privilegeChanges(result.files), ...settingChanges(result.files, old, now)].toSorted(
          (a, b) => order.indexOf(a.kind) - order.indexOf(b.kind),
        ),
        packages,
        control: factChanges(old.manifest, now.manifest),
      };
    } finally {
      await now.close();
    }
  } finally {
    await old.close();
  }
}

const order = ['gained', 'lost', 'changed'];

function sideOf({ path, manifest }: OpenSlot): TreeDiff['old'] {
  return { path, package: manifest.name, version: manifest.version };
}

/** Programs that run with the rights of their owner, and files and folders that all may write to. */
function privilegeChanges(files: readonly FileChange[]): DeclarationChange[] {
  return files.flatMap(({ path, old, new: now }) => {
    const [before, after] = [privilegesOf(old), privilegesOf(now)];
    const change = (kind: 'gained' | 'lost', what: string): DeclarationChange =>
      kind === 'gained' ? { field: what, kind, new: path } : { field: what, kind, old: path };
    return [
      ...after.filter((what) => !before.includes(what)).map((what) => change('gained', what)),
      ...before.filter((what) => !after.includes(what)).map((what) => change('lost', what)),
    ];
  });
}

function privilegesOf(file: ListedFile | undefined): string[] {
  if (file === undefined || file.type === 'symlink') return [];
  const isFile = file.type === 'file';
  return [
    ...(isFile && (file.mode & 0o4000) !== 0 ? ['set-uid'] : []),
    ...(isFile && (file.mode & 0o2000) !== 0 ? ['set-gid'] : []),
    ...((file.mode & 0o1002) === 0o0002 ? ['world-writable'] : []),
    ...(file.type === 'character' || file.type === 'block' ? ['device'] : []),
  ];
}

/** Files of the image that decide who may do what on the host. */
const sensitive = [
  { field: 'Agent', path: '/etc/prodng/agent.json' },
  { field: 'Network', path: '/etc/prodng/boot/network' },
  { field: 'Sysctl', path: '/etc/prodng/boot/sysctl' },
] as const;

/** The kernel's command line, word by word; the agent's configuration; keys; jails of the image; debugging; signatures. */
function settingChanges(files: readonly FileChange[], old: OpenSlot, now: OpenSlot): DeclarationChange[] {
  const [before, after] = [old.manifest, now.manifest];
  const words = ({ kernel }: ImageManifest): string[] =>
    kernel.commandLine.split(' ').filter((word) => !word.startsWith('prodng.root='));
  const debug = (manifest: ImageManifest): string[] => (manifest.debug ? ['a shell on the console'] : []);
  return [
    ...wordChanges('Kernel-Command-Line', words(before), words(after)),
    ...wordChanges('Debug', debug(before), debug(after)),
    ...files.flatMap(({ path, kind }): DeclarationChange[] => {
      const known = sensitive.find((each) => each.path === path);
      if (known !== undefined) return [{ field: known.field, kind: 'changed', new: `${path}: ${kind}` }];
      if (path.startsWith('/etc/prodng/trust/')) return [pathChange('Trusted-Key', path, kind)];
      return path.startsWith('/usr/share/prodng/jails/') ? [pathChange('Jail', path, kind)] : [];
    }),
    ...(isSignedPe(old.uki) && !isSignedPe(now.uki)
      ? [{ field: 'Secure-Boot-Signature', kind: 'lost', old: 'present' } as const]
      : []),
  ];
}

function wordChanges(
  field: string,
  before: readonly string[],
  after: readonly string[],
): DeclarationChange[] {
  return [
    ...after
      .filter((word) => !before.includes(word))
      .map((word) => ({ field, kind: 'gained', new: word }) as const),
    ...before
      .filter((word) => !after.includes(word))
      .map((word) => ({ field, kind: 'lost', old: word }) as const),
  ];
}

function pathChange(field: string, path: string, kind: FileChange['kind']): DeclarationChange {
  if (kind === 'added') return { field, kind: 'gained', new: path };
  return kind === 'removed' ? { field, kind: 'lost', old: path } : { field, kind: 'changed', new: path };
}

/** Figures and names of the manifests; hashes differ whenever anything does. */
function factChanges(before: ImageManifest, after: ImageManifest): TreeDiff['control'] {
  const facts = ({ name, version, slotSize, kernel, root, uki, initrd }: ImageManifest) => ({
    Image: `${name} ${version}`,
    Kernel: `${kernel.release} (${kernel.package} ${kernel.version})`,
    'Slot-Size': String(slotSize),
    'Root-Stored': String((root.dataBlocks + root.hashBlocks) * 4096),
    'Root-Bytes': String(root.bytes),
    'Root-Files': String(root.files),
    'UKI-Size': String(uki.size),
    'Initrd-Size': String(initrd.size),
  });
  const [old, now] = [new Map(Object.entries(facts(before))), new Map(Object.entries(facts(after)))];
  return [...old].flatMap(([field, value]) => {
    const is = now.get(field);
    return is === undefined || is === value ? [] : [{ field, old: value, new: is }];
  });
}
