import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'runpath-build-folder',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'libraries are searched for where the program was built',
  explanation:
    'The folder is not there in a jail. On a machine where somebody has it, other libraries are ' +
    'loaded; and it discloses where the program was built.',
  fix: "Link without it: `chrpath -d`, or the build system's option for installing.",
  references: ['ld.so(8)'],
  triggers: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], rpath: '/build/hello/lib' } } },
  },
  clean: {
    rootfs: { 'usr/bin/hello': { mode: 0o755, elf: { needed: ['libc.so.6'], rpath: '/usr/lib/hello' } } },
  },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, what } of rootfs.nodes.values()) {
    if (what?.kind !== 'elf') continue;
    const folder = [...what.elf.rpath, ...what.elf.runpath].find((each) =>
      /^\/(?:build|home|tmp|root|var\/tmp|buildd|workspace)(?:\/|$)/.test(each),
    );
    if (folder === undefined) continue;
    yield { message: `${path} has RUNPATH "${folder}"`, context: path, file: path };
  }
}
