import { formatSize } from '../../../control/quantity.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'tmpfs-total-exceeds-memory',
  family: 'limits',
  severity: 'warning',
  certainty: 'certain',
  reads: 'declaration',
  summary: 'all tmpfs together are as large as the memory that they count against',
  explanation:
    "What is written to a tmpfs counts as the jail's memory. Filled up together, they leave nothing " +
    'for the service, which the kernel then kills.',
  fix: 'Make them smaller than Jail-Memory together, or declare volumes with `rw`.',
  references: ['tmpfs(5)', 'cgroups(7)'],
  triggers: { control: 'Jail-Filesystem: tmp /tmp size=40M\n tmp /run/hello size=40M\nJail-Memory: 64M' },
  clean: { control: 'Jail-Filesystem: tmp /tmp size=8M\n tmp /run/hello size=8M\nJail-Memory: 64M' },
  check,
};

function* check({ declaration: { filesystem, memory } }: DeclaredSubject): Iterable<Found> {
  const total = filesystem.reduce((sum, mount) => sum + (mount.kind === 'tmp' ? mount.size : 0), 0);
  if (total < memory) return;
  const message = `the tmpfs together have ${formatSize(total)}, all of Memory (${formatSize(memory)})`;
  yield { message, context: formatSize(total), field: 'Filesystem' };
}
