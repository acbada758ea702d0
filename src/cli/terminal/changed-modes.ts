import type { ChangedMode } from '../../build/compose/rootfs-tree.ts';

const shown = 10;

/** Lines about files whose permissions in the rootfs are not those of their packages: a user must not find out later. */
export function changedModeLines(changed: readonly ChangedMode[]): string[] {
  const lines = changed.slice(0, shown).map(({ path, package: name, owner, from, to }) => {
    const was = `${octal(from)} ${owner}`;
    const why =
      (from & 0o6000) === 0 ? 'its owner is root in a jail' : 'no program has other rights in a jail';
    return `  ${path} of ${name}: ${was}, now ${octal(to)} root:root: ${why}`;
  });
  if (changed.length > shown) lines.push(`  and ${changed.length - shown} files more with other permissions`);
  return lines;
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
