import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'architecture-not-specific',
  family: 'structure',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb does not say for which architecture its rootfs is',
  explanation: 'The rootfs holds programs of one architecture. With `all` apt installs it everywhere.',
  fix: 'Build it with `prodng build`, which names the architecture.',
  references: ['Policy 5.6.8'],
  triggers: { deb: { control: 'Architecture: all' } },
  clean: { deb: { control: 'Architecture: amd64' } },
  check,
};

function* check({ stanza, rootfs }: DebSubject): Iterable<Found> {
  const architecture = stanza?.get('Architecture') ?? '';
  if (architecture !== 'all' && architecture !== 'any' && architecture !== '') return;
  const hasPrograms = [...rootfs.nodes.values()].some(({ what }) => what?.kind === 'elf');
  if (architecture === 'all' && !hasPrograms) return;
  yield { message: `"${architecture}": the rootfs is for one architecture`, field: 'Architecture' };
}
