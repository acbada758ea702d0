import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { formatSize } from '../../control/quantity.ts';
import { bindOptions } from '../runtime/oci-spec.ts';
import type { Expected } from './expected.ts';
import { type MountInfo, tmpfsSize } from './mountinfo.ts';

/** What the runtimes bind into /dev of a user namespace, where no device can be made. */
const devices = ['full', 'null', 'random', 'tty', 'urandom', 'zero'].map((name) => `/dev/${name}`);

type MountsExpected = Pick<Expected, 'binds' | 'terminal' | 'masked' | 'readonly'>;

interface WantedMount {
  type?: string;
  /** Options that must be there. */
  options: string[];
  /** Bytes of a tmpfs. */
  size?: number;
}

/**
 * Compares a jail's mounts with its declaration: each that is declared is there as declared, and nothing else is but
 * what every jail has.
 */
export function compareMounts(
  declaration: JailDeclaration,
  expected: MountsExpected,
  mounts: readonly MountInfo[],
): string[] {
  const wanted = wantedMounts(declaration, expected);
  const differences: string[] = [];
  // where mounts lie upon each other, the last is what a process sees
  const visible = new Map(mounts.map((mount) => [mount.path, mount]));
  for (const [path, want] of wanted) {
    const found = visible.get(path);
    if (found === undefined) differences.push(`${path} is not mounted`);
    else differences.push(...compareMount(found, want));
  }
  for (const mount of visible.values()) {
    if (wanted.has(mount.path) || isCommon(mount, expected)) continue;
    differences.push(`${mount.path} is mounted (${mount.type}) and not declared`);
  }
  return differences;
}

function wantedMounts(
  declaration: JailDeclaration,
  { binds, masked, readonly }: MountsExpected,
): Map<string, WantedMount> {
  const wanted = new Map<string, WantedMount>([
    ['/', { options: ['ro', 'nosuid', 'nodev'] }],
    ['/proc', { type: 'proc', options: ['nosuid', 'nodev', 'noexec'] }],
    ['/dev', { type: 'tmpfs', options: ['ro', 'nosuid', 'noexec'] }],
  ]);
  for (const path of masked) wanted.set(path, { options: [] });
  for (const path of readonly) wanted.set(path, { options: ['ro'] });
  for (const mount of declaration.filesystem) {
    if (mount.kind !== 'tmp') continue;
    const options = ['rw', 'nosuid', 'nodev', 'noexec'];
    wanted.set(mount.path, { type: 'tmpfs', options, size: mount.size });
  }
  for (const bind of binds) wanted.set(bind.path, { options: bindOptions(bind) });
  return wanted;
}

function compareMount(found: MountInfo, want: WantedMount): string[] {
  const differences = want.options
    .filter((option) => !found.options.includes(option))
    .map((option) => `${found.path} is not ${option}`);
  if (want.type !== undefined && found.type !== want.type)
    differences.push(`${found.path} is ${found.type} instead of ${want.type}`);
  if (want.size !== undefined && pages(tmpfsSize(found)) !== pages(want.size))
    differences.push(
      `the tmpfs ${found.path} holds ${tmpfsSize(found) ?? 'any number of'} bytes instead of ${formatSize(want.size)}`,
    );
  return differences;
}

/** The kernel counts the size of a tmpfs in pages, rounded up. */
function pages(bytes: number | undefined): number | undefined {
  return bytes === undefined ? undefined : Math.ceil(bytes / 4096);
}

/** Device nodes, and the terminal's. */
function isCommon({ path }: MountInfo, { terminal }: MountsExpected): boolean {
  return devices.includes(path) || (terminal && ['/dev/pts', '/dev/console'].includes(path));
}
