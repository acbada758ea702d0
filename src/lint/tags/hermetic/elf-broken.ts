import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'elf-broken',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'a file has an ELF magic number and is malformed',
  explanation: 'It is truncated, or points outside of itself; the kernel or the loader refuses it.',
  fix: 'Rebuild it; find out what truncated it.',
  references: ['elf(5)'],
  triggers: { rootfs: { 'usr/lib/hello/plugin.so': { hex: '7f454c46020101000000000000000000' } } },
  clean: { rootfs: { 'usr/lib/hello/plugin.so': { elf: {} } } },
  check,
};

/** Python, Go and binutils ship broken ones on purpose, to test with. */
const onPurpose = /\/(?:tests?|testdata)\//;

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, what } of rootfs.nodes.values()) {
    if (what?.kind !== 'broken-elf' || onPurpose.test(path)) continue;
    yield { message: `${path}: ${what.fault.fault}`, context: path, file: path };
  }
}
