import { multiarchTriplet } from '../../elf/machines.ts';
import type { Found } from '../../finding.ts';
import { scriptMade } from '../../script-made.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'compose-install-needed',
  family: 'command',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a file is missing that only maintainer scripts make',
  explanation:
    'With Jail-Compose: extract no maintainer script runs, so that alternatives, caches and catalogues that scripts make from the files of packages are not in the rootfs. What the service needs of them it does not find.',
  fix: 'Declare Jail-Compose: install, ship the file, or override this tag where the service does not use it.',
  references: ['docs/compose-install.md', 'update-alternatives(1)'],
  triggers: { rootfs: { 'usr/bin/mawk': { elf: {}, mode: 0o755 } } },
  clean: {
    rootfs: {
      'usr/bin/mawk': { elf: {}, mode: 0o755 },
      'usr/bin/awk': { type: 'symlink', target: 'mawk' },
    },
  },
  check,
};

function* check({ rootfs, declaration, stanza }: DebSubject): Iterable<Found> {
  if (declaration === undefined || declaration.compose === 'install') return;
  const triplet = multiarchTriplet(stanza?.get('Architecture') ?? '') ?? 'TRIPLET';
  for (const { path, from } of scriptMade) {
    const wanted = path.replace('TRIPLET', triplet);
    if (rootfs.at(wanted) !== undefined) continue;
    const source = from.map((each) => shipped(rootfs, each.replace('TRIPLET', triplet))).find((each) => each);
    if (source === undefined) continue;
    const message = `${source} is there, and ${wanted}, which maintainer scripts make of it, is not`;
    yield { message, context: wanted, field: 'Compose' };
  }
}

/** The path of the rootfs that a pattern names. */
function shipped(rootfs: DebSubject['rootfs'], pattern: string): string | undefined {
  const star = pattern.indexOf('*');
  if (star < 0) return rootfs.nodes.has(pattern) ? pattern : undefined;
  const folder = pattern.slice(0, pattern.lastIndexOf('/', star));
  const prefix = pattern.slice(folder.length + 1, star);
  const slash = pattern.indexOf('/', star);
  const suffix = pattern.slice(star + 1, slash < 0 ? undefined : slash);
  const rest = slash < 0 ? '' : pattern.slice(slash);
  return rootfs
    .children(folder)
    .filter(({ path }) => {
      const name = path.slice(folder.length + 1);
      return name.length >= prefix.length + suffix.length && name.startsWith(prefix) && name.endsWith(suffix);
    })
    .map(({ path }) => path + rest)
    .find((path) => rootfs.nodes.has(path));
}
