import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { findInconsistencies } from '../../control/consistency.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { withSettings } from '../../control/operator-values.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Progress } from '../../system/progress.ts';
import { blockIoOf, declaredIo } from '../confine/block-io.ts';
import type { Expected } from '../confine/expected.ts';
import { maskedPaths, presentPaths, readonlyPaths } from '../confine/proc-paths.ts';
import { placesOf, type RunRecord, runFolder } from '../lifecycle/jail-slot.ts';
import type { RunJailOptions } from '../lifecycle/run-options.ts';
import { type Destinations, resolveDestinations } from '../network/firewall.ts';
import { nameMounts } from '../network/name-files.ts';
import { accountOf } from '../storage/account.ts';
import { hostFiles } from '../storage/host-files.ts';
import type { JailPackage } from '../storage/jail-package.ts';
import { configurationFiles, credentialMounts } from '../storage/operator-files.ts';
import { needsPreparation } from '../storage/preparation.ts';
import { resolveInRoot } from '../storage/root-path.ts';
import { type UidRange, uidRangeOf } from '../storage/uid-range.ts';
import { unpackJail } from '../storage/unpacked.ts';
import { type PlannedVolume, planVolumes } from '../storage/volumes.ts';
import { type JailBind, ociSpec } from './oci-spec.ts';
import type { OciSpec } from './oci-types.ts';
import { commandOf } from './run-command.ts';
import { findRuntime, type OciRuntime, runtimeArgv } from './runtime.ts';
import { chooseStaging, type StagedMount } from './staging.ts';

/** All that is decided about a run: nothing of it is made yet but the unpacked tree and the uid range. */
export interface PreparedJail {
  name: string;
  /** The name of its package, which the jail's may differ from. */
  packageName: string;
  version: string;
  declaration: JailDeclaration;
  runtime: OciRuntime;
  range: UidRange;
  /** The folder that the trees are mounted in, in our own mount namespace. */
  staging: string;
  mounts: StagedMount[];
  volumes: PlannedVolume[];
  /** Jail-Prepare has to run first: this run is the service, and is refused. */
  awaitsPreparation: boolean;
  destinations: Destinations;
  spec: OciSpec;
  expected: Expected;
  record: RunRecord;
}

/**
 * Decides all about a run.
 *
 * @throws ProdngError USAGE for options that do not fit the jail, and what its parts throw
 */
export async function prepareJail(
  jail: JailPackage,
  options: RunJailOptions,
  progress: Progress,
): Promise<PreparedJail> {
  assertFits(jail.declaration, options);
  const [rootfs] = await Promise.all([
    unpackJail(jail, options.paths, progress),
    uidRangeOf(options.name ?? jail.name, options.paths),
  ]);
  return prepareUnpacked(jail, rootfs, options);
}

/** What is known of a jail that has been unpacked: its .deb may be gone. */
export type UnpackedJail = Pick<JailPackage, 'path' | 'name' | 'version' | 'sha256' | 'declaration'>;

/**
 * Decides all about a run of a jail whose rootfs is there.
 *
 * @throws ProdngError as prepareJail does
 */
export async function prepareUnpacked(
  jail: UnpackedJail,
  rootfs: string,
  options: Omit<RunJailOptions, 'deb'>,
): Promise<PreparedJail> {
  const { paths, terminal } = options;
  const { version, sha256 } = jail;
  const name = options.name ?? jail.name;
  assertFits(jail.declaration, { ...options, deb: jail.path });
  const runtime = findRuntime(options.runtime);
  const [range, destinations] = await Promise.all([
    uidRangeOf(name, paths),
    resolveDestinations(jail.declaration.connect, options.uplink?.resolvers),
  ]);
  const declaration = withSettings(withResolvedPlaces(jail, rootfs), options.settings);
  // runtimes take no @ in a name, and no package name has a _
  const id = `${name.replace('@', '_')}-${randomHex(4)}`;
  // a control group right below the root: one for all jails could be removed by one while another enters it
  const { bundle, cgroup } = placesOf(runFolder(paths), id);
  const staging = chooseStaging([paths.cache, paths.state, paths.run]);
  const account = accountOf(rootfs, declaration.user);
  const command = commandOf(rootfs, options);
  const volumes = planVolumes(name, declaration, paths, options.reserveVolumes);
  const names = nameMounts(rootfs, declaration, destinations);
  const credentials = credentialMounts(declaration, options.credentials, { account, range });
  const files = [
    ...hostFiles(declaration, rootfs),
    ...configurationFiles(declaration, options.configuration, rootfs),
  ];
  const staged = (bind: JailBind): JailBind => ({ ...bind, source: join(staging, bind.source) });
  const binds = [
    ...[...volumes, ...files].map(({ bind }) => staged(bind)),
    ...[...names.binds, ...credentials.binds].map(staged),
    ...command.binds,
  ];
  const blockIo = blockIoOf(declaration.io);
  const spec = ociSpec(declaration, {
    name,
    runtime: runtime.name,
    rootfs: join(staging, 'rootfs'),
    account,
    range,
    cgroupsPath: cgroup,
    binds,
    terminal: terminal !== undefined,
    ...(blockIo === undefined ? {} : { blockIo }),
    ...(command.argv === undefined ? {} : { argv: command.argv }),
  });
  return {
    name,
    packageName: jail.name,
    version,
    declaration,
    runtime,
    range,
    staging,
    mounts: [
      { kind: 'idmapped', source: rootfs, at: 'rootfs', attributes: ['rdonly', 'nosuid', 'nodev'] },
      ...[...volumes, ...files].map(({ mount }) => mount),
      ...names.mounts,
      ...credentials.mounts,
    ],
    volumes,
    awaitsPreparation:
      options.argv === undefined && options.shell !== true && needsPreparation(declaration, volumes),
    destinations,
    spec,
    expected: {
      account,
      range,
      cgroupsPath: cgroup,
      binds,
      terminal: terminal !== undefined,
      masked: presentPaths(maskedPaths),
      readonly: presentPaths(readonlyPaths),
      io: declaredIo(blockIo),
    },
    record: {
      name,
      id,
      deb: jail.path,
      version,
      sha256,
      runtime: runtimeArgv(runtime, join(bundle, 'runtime'), join(bundle, 'log')),
      cgroup,
      cgroups: runtime.cgroups,
      bundle,
      supervisor: process.pid,
    },
  };
}

/** As randomBytes of node:crypto, which takes longer to load than the rest of a run. */
function randomHex(bytes: number): string {
  const fd = openSync('/dev/urandom', 'r');
  try {
    const random = Buffer.alloc(bytes);
    readSync(fd, random);
    return random.toString('hex');
  } finally {
    closeSync(fd);
  }
}

/**
 * The declaration with the places of its mounts and its working folder as the kernel will name them: links in the
 * rootfs, such as /var/run, are followed. What they lead to must be as harmless as what was declared.
 */
function withResolvedPlaces({ path, declaration }: UnpackedJail, rootfs: string): JailDeclaration {
  const resolve = (place: string) => resolveInRoot(rootfs, place).path.slice(rootfs.length) || '/';
  const filesystem = declaration.filesystem.map((mount) => ({ ...mount, path: resolve(mount.path) }));
  const resolved = { ...declaration, filesystem, workdir: resolve(declaration.workdir) };
  const [fault] = findInconsistencies(resolved);
  if (fault === undefined) return resolved;
  throw new ProdngError('DECLARATION', `${path}: Jail-${fault.field}: ${fault.message}`, {
    hint: 'a symbolic link in the rootfs leads there',
  });
}

function assertFits(declaration: JailDeclaration, { uplink, publish = [], deb }: RunJailOptions): void {
  const { network } = declaration;
  if (network === 'macvlan' && uplink === undefined)
    throw new ProdngError('USAGE', `${deb}: it needs a macvlan: an uplink and an address of its own`, {
      hint: 'add, for example: --uplink eth0 --address 192.0.2.10/24 --gateway 192.0.2.1',
    });
  if (network !== 'macvlan' && uplink !== undefined)
    throw new ProdngError(
      'USAGE',
      `${deb}: its network is ${network}: it takes no --uplink and no --address`,
    );
  if (network === 'none' && publish.length > 0)
    throw new ProdngError('USAGE', `${deb}: its network is none: no port of it can be published`, {
      hint: 'declare Jail-Network: loopback',
    });
}
