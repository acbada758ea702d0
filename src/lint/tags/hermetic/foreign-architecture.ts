import { machineName, multiarchTriplet, runsOn } from '../../elf/machines.ts';
import type { Found } from '../../finding.ts';
import { isInSearchPath, searchPathOf, startedPrograms } from '../../started-programs.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'foreign-architecture',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a program or library of the search paths is for another architecture',
  explanation: 'It cannot be run or loaded.',
  fix: 'Leave it out (Jail-Prune), or build it for the architecture of the package.',
  references: ['elf(5)'],
  triggers: { rootfs: { 'usr/bin/tool': { mode: 0o755, elf: { machine: 183 } } } },
  clean: { rootfs: { 'usr/share/hello/firmware.elf': { elf: { machine: 183 } } } },
  check,
};

function* check(subject: DebSubject): Iterable<Found> {
  const architecture = subject.stanza?.get('Architecture') ?? '';
  const triplet = multiarchTriplet(architecture);
  const searchPath = searchPathOf(subject.declaration);
  const started = startedPrograms(subject).chain.nodes;
  for (const node of subject.rootfs.nodes.values()) {
    const { path, what } = node;
    if (what?.kind !== 'elf' || runsOn(architecture, what.elf) || started.includes(node)) continue;
    const folder = path.slice(0, path.lastIndexOf('/'));
    const isLibrary = triplet !== undefined && folder === `/usr/lib/${triplet}`;
    if (!isLibrary && !isInSearchPath(node, searchPath)) continue;
    const message = `${path} is for ${machineName(what.elf)}, the package for ${architecture}`;
    yield { message, context: path, file: path };
  }
}
