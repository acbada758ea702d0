import type { ListedFile } from './listed-file.ts';
import type { TreeSide } from './tree-side.ts';

type List = ReadonlyMap<string, ListedFile>;

/** Lists both sides as far as they can be compared: a rootfs alone only with the other's rootfs. */
export async function listBoth(old: TreeSide, now: TreeSide): Promise<[List, List]> {
  const [before, after] = await both(old, now);
  const onlyRootfs = old.kind !== now.kind && (old.kind === 'rootfs' || now.kind === 'rootfs');
  return onlyRootfs ? [rootfsOf(before), rootfsOf(after)] : [before, after];
}

async function both(old: TreeSide, now: TreeSide): Promise<[List, List]> {
  // one after the other, the second learns from the first
  if (old.kind === 'deb' && now.kind === 'deb') return [await old.list(), await now.list()];
  return await settled(old.list(), now.list());
}

function rootfsOf(files: List): List {
  return new Map([...files].filter(([path]) => path.startsWith('/')));
}

/** The other one is not left running when one fails. */
async function settled<T>(first: Promise<T>, second: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}
