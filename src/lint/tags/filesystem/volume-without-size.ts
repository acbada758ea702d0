import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'volume-without-size',
  family: 'filesystem',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: "a volume may fill the host's disk",
  explanation: "A volume without a size grows as far as the disk does, at its neighbours' expense.",
  fix: 'Say how large it may become: `rw PATH size=256M`.',
  references: ['docs/control-fields.md'],
  triggers: { control: 'Jail-Filesystem: rw /var/lib/hello' },
  clean: { control: 'Jail-Filesystem: rw /var/lib/hello size=8M' },
  check,
};

function* check({ declaration: { filesystem } }: DeclaredSubject): Iterable<Found> {
  for (const mount of filesystem) {
    if (mount.kind !== 'rw' || mount.size !== undefined) continue;
    const message = `the volume ${mount.path} has no size; it may grow until the host's disk is full`;
    yield { message, context: mount.path, field: 'Filesystem', at: mount.path };
  }
}
