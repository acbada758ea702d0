import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'prepare-missing',
  family: 'command',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the program that prepares volumes is not in the rootfs',
  explanation: 'The service would never start: it waits for its volumes to be prepared.',
  fix: 'Correct the path in Jail-Prepare, or add the package that has the program to Depends.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Prepare: /usr/bin/initialise\nJail-Filesystem: rw /var/lib/hello size=1M' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=1M' },
  check,
};

function* check({ rootfs, declaration }: DebSubject): Iterable<Found> {
  const program = declaration?.prepare?.[0];
  if (program === undefined) return;
  const node = rootfs.at(program);
  if (node?.type === 'file' && (node.mode & 0o111) !== 0) return;
  const message = `${program} is no program of the rootfs`;
  yield { message, context: program, field: 'Prepare', at: program };
}
