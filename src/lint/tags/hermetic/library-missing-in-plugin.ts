import type { Found } from '../../finding.ts';
import { isInSearchPath, searchPathOf, startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'library-missing-in-plugin',
  family: 'hermetic',
  severity: 'info',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a library or plugin lacks a library',
  explanation:
    'Whatever loads it gets an error. Packages leave libraries of rarely used plugins to their ' +
    'Recommends, which a jail does not have.',
  fix: 'Add the package with the library to Depends if the service uses the plugin.',
  references: ['ld.so(8)', 'dlopen(3)'],
  triggers: { rootfs: { 'usr/lib/hello/plugin.so': { elf: { needed: ['libgone.so.1'] } } } },
  clean: { rootfs: { 'usr/lib/hello/plugin.so': { elf: { needed: ['libc.so.6'] } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const { files, loader } = startedPrograms(subject);
  const searchPath = searchPathOf(subject.declaration);
  const architecture = startedMachine(subject, files);
  for (const node of subject.rootfs.nodes.values()) {
    const { what, path } = node;
    if (what?.kind !== 'elf' || files.has(path) || isInSearchPath(node, searchPath)) continue;
    if (architecture !== undefined && what.elf.machine !== architecture) continue;
    for (const { name, neededBy } of loader.load(node).missing) {
      // what one of its libraries lacks is reported once, with that library
      if (neededBy !== path) continue;
      yield { message: `${name}, which ${path} needs, is not found`, context: `${path} ${name}`, file: path };
    }
  }
}

/** Data for emulators and the like is not meant to be loaded here. */
function startedMachine({ rootfs }: DebSubject, files: ReadonlySet<string>): number | undefined {
  for (const path of files) {
    const what = rootfs.nodes.get(path)?.what;
    if (what?.kind === 'elf') return what.elf.machine;
  }
  return undefined;
}
