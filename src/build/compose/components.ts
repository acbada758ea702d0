import { openDeb, ownDebLimits } from '../../archive/deb-reader.ts';
import { parseDeb822 } from '../../control/deb822.ts';
import type { LockedPackage } from '../../lock/lock.ts';
import { ofPackage } from '../../store/of-package.ts';
import type { Store } from '../../store/store.ts';
import { writePlainTar } from '../../store/unpacked-tar.ts';
import type { Component } from './component.ts';

/** Unpackings at a time: each is a decompressor and a writer. */
const concurrency = 4;

/**
 * The locked packages as components of a rootfs, in the order given.
 *
 * @param onEach called after each with how many there are by now
 * @throws what Store.unpackedTar throws
 */
export async function lockedComponents(
  packages: readonly LockedPackage[],
  store: Store,
  onEach?: (done: number) => void,
): Promise<Component[]> {
  const components = new Map<LockedPackage, Component>();
  const queue = [...packages];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const deb = store.debPath(item.sha256);
      const { path, entries } = await store.unpackedTar(item.sha256).catch((error: unknown) => {
        throw ofPackage(item, deb, error);
      });
      components.set(item, {
        name: item.name,
        version: item.version,
        tar: path,
        entries,
        replaces: () => replacesOf(deb),
      });
      onEach?.(components.size);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return packages.flatMap((item) => components.get(item) ?? []);
}

/**
 * A built .deb as a component.
 *
 * @param tar where its plain data.tar is written
 */
export async function builtComponent(
  deb: string,
  name: string,
  version: string,
  tar: string,
): Promise<Component> {
  const reader = await openDeb(deb, ownDebLimits);
  try {
    const { entries } = await writePlainTar(reader, tar);
    return { name, version, tar, entries, replaces: () => replacesOf(deb) };
  } finally {
    await reader.close();
  }
}

async function replacesOf(deb: string): Promise<string> {
  const reader = await openDeb(deb);
  try {
    const [stanza] = parseDeb822(await reader.control(), `${deb}: control`);
    return stanza?.get('Replaces') ?? '';
  } finally {
    await reader.close();
  }
}
