import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'rootfs-missing',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb has no rootfs',
  explanation: "prodng runs what lies below usr/lib/prodng/jails/NAME/rootfs, NAME being the package's.",
  fix: 'Build it with `prodng build`.',
  references: ['docs/architecture.md'],
  triggers: { deb: { control: 'Package: other' } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  const rootfs = `${deb.jailFolder}/rootfs`;
  if (deb.entries.some(({ path, type }) => path === rootfs && type === 'directory')) return;
  const instead = deb.foundFolder === undefined ? '' : `; there is ${deb.foundFolder}`;
  yield { message: `there is no ${rootfs}${instead}`, file: rootfs };
}
