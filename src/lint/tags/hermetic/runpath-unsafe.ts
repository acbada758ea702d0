import { isWithin } from '../../../control/jail-path.ts';
import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'runpath-unsafe',
  family: 'hermetic',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'libraries are loaded from where the service may write, or from the present folder',
  explanation: "A library put there is loaded at the next start, in place of the package's own.",
  fix: 'Link with an absolute RUNPATH below /usr, or with $ORIGIN, or with none.',
  references: ['ld.so(8)'],
  triggers: {
    rootfs: {
      'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], runpath: 'lib:/usr/lib/hello' } },
    },
  },
  clean: {
    rootfs: {
      'usr/bin/hello': {
        mode: 0o755,
        elf: { needed: ['libc.so.6'], runpath: '$ORIGIN/../lib/hello:/usr/lib/hello' },
      },
    },
  },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const writable = (declaration?.filesystem ?? []).filter(({ kind }) => kind !== 'ro');
  for (const { path, what } of rootfs.nodes.values()) {
    if (what?.kind !== 'elf') continue;
    for (const folder of [...what.elf.rpath, ...what.elf.runpath]) {
      const why = whyUnsafe(folder, writable);
      if (why === undefined) continue;
      yield { message: `${path} has RUNPATH "${folder}", ${why}`, context: path, file: path };
    }
  }
}

function whyUnsafe(folder: string, writable: readonly { path: string }[]): string | undefined {
  if (folder === '') return undefined;
  if (!folder.startsWith('/') && !/^\$(?:ORIGIN|\{ORIGIN\})/.test(folder))
    return 'which is relative to the folder that the process is in';
  const mount = writable.find(({ path }) => isWithin(folder, path));
  return mount === undefined ? undefined : `which lies in ${mount.path}, where the service may write`;
}
