import type { JailDeclaration } from '../control/jail-declaration.ts';
import { parseRelations } from '../control/relations.ts';
import type { ArchiveState } from '../store/archive-state.ts';
import { essentialPackages, type IndexedPackage } from '../store/packages-index.ts';
import { type Lock, type LockedPackage, type PackageUse, packagesFor } from './lock.ts';
import { inLockOrder } from './lock-order.ts';
import { solve } from './solve.ts';

/** What a source asks of the archives: the part of a JailSource that resolving needs. */
export interface SourceRelations {
  /** Build-Depends, -Arch and -Indep. */
  buildDepends: string;
  /** Depends of the jail's stanza, substitution variables kept. */
  depends: string;
}

/**
 * What every build root has besides Build-Depends: Debian Policy 4.2 lets sources take build-essential and the
 * Essential packages for granted, and dpkg-buildpackage needs fakeroot where the builder is not root.
 */
const buildRootPackages = ['build-essential', 'fakeroot'] as const;

/**
 * Resolves the build root: the Essential packages, build-essential, fakeroot, and Build-Depends, with all their
 * dependencies. Nothing more: a tool that happens to be in every root is an undeclared input.
 *
 * @returns a lock whose rootfs is not resolved
 * @throws ProdngError UNRESOLVABLE
 */
export async function resolveBuildRoot(source: SourceRelations, state: ArchiveState): Promise<Lock> {
  const relations = [...(await essentialPackages(state)), ...buildRootPackages, source.buildDepends].join(
    ', ',
  );
  return {
    format: 1,
    architecture: state.architecture,
    buildDepends: source.buildDepends,
    depends: source.depends,
    archives: state.releases.map(({ identity }) => identity),
    packages: merge([], await solve(state, relations), 'build'),
  };
}

/**
 * What packages depend on for the sake of their maintainer scripts, which never run in a jail. With them would come
 * perl, a shell, PAM and the programs that change passwords.
 */
const onlyForScripts = [
  'adduser',
  'debconf',
  'debianutils',
  'dpkg',
  'init-system-helpers',
  'install-info',
  'lsb-base',
  'passwd',
  'sysvinit-utils',
  'ucf',
  'update-inetd',
] as const;

/**
 * Resolves the rootfs: the closure of what the built package depends on, and nothing else. No Essential package
 * is taken for granted, as in a distroless image: in a jail there is no dpkg and no shell script to serve unless
 * the author says so. What a service needs at run time but its packages do not depend on (ca-certificates,
 * tzdata, base-files, a shell) is for Depends to say: declared or denied; so are packages that otherwise only
 * maintainer scripts need. /etc/passwd, ld.so.cache and the usual empty folders are made when the rootfs is
 * composed; they need no package.
 *
 * @param builtDepends Depends and Pre-Depends of the package as built
 * @param lock of the same archive state; its build root is kept
 * @param compose `install` also resolves the root in which the maintainer scripts run
 * @param without more packages that count as present: neither they nor what only they need is chosen
 * @throws ProdngError UNRESOLVABLE
 */
export async function resolveRootfs(
  builtDepends: string,
  lock: Lock,
  state: ArchiveState,
  compose: JailDeclaration['compose'] = 'extract',
  without: readonly string[] = [],
): Promise<Lock> {
  const build = packagesFor(lock, 'build').map((item): LockedPackage => ({ ...item, use: ['build'] }));
  const asked = new Set(parseRelations(builtDepends).flatMap((group) => group.map(({ name }) => name)));
  const assumed = new Set<string>([...onlyForScripts.filter((name) => !asked.has(name)), ...without]);
  const rootfs = await solve(state, builtDepends, assumed);
  const packages = merge(build, rootfs, 'rootfs');
  if (compose === 'extract') return { ...lock, builtDepends, packages };
  // the very packages of the rootfs, what they and the built one depend on for their scripts, and what Policy 3.8
  // lets every maintainer script take for granted
  const exact = rootfs.map((item) => exactRelation(item, state.architecture));
  const essential = await essentialPackages(state);
  const relations = [...exact, builtDepends, ...essential].filter((text) => text !== '').join(', ');
  return { ...lock, builtDepends, packages: merge(packages, await solve(state, relations), 'install') };
}

function exactRelation({ name, architecture, version }: IndexedPackage, own: string): string {
  const foreign = architecture !== 'all' && architecture !== own;
  return `${name}${foreign ? `:${architecture}` : ''} (= ${version})`;
}

function merge(
  packages: readonly LockedPackage[],
  more: readonly IndexedPackage[],
  use: PackageUse,
): LockedPackage[] {
  const byDigest = new Map(packages.map((item) => [item.sha256, item]));
  for (const item of more) {
    const known = byDigest.get(item.sha256);
    byDigest.set(
      item.sha256,
      known === undefined ? { ...item, use: [use] } : { ...known, use: [...known.use, use] },
    );
  }
  return [...byDigest.values()].sort(inLockOrder);
}
