import type { Found } from '../../finding.ts';
import { parseLinkerCache } from '../../loader/linker-cache.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'linker-cache-outdated',
  family: 'hermetic',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: '/etc/ld.so.cache names libraries that are not there',
  explanation:
    'The cache was made from another tree. What it leaves out is not found, and what it names need ' +
    'not be what was verified.',
  fix: 'Build it with `prodng build`, which makes the cache from the rootfs.',
  references: ['ldconfig(8)'],
  triggers: {
    rootfs: {
      'etc/ld.so.cache': {
        hex:
          '676c6962632d6c642e736f2e6361636865312e3101000000200000000200000000000000000000000000000000000000010000004800000055000000000000000000000000000000' +
          Buffer.from('libgone.so.1\0/usr/lib/libgone.so.1\0').toString('hex'),
      },
    },
  },
  clean: {
    rootfs: {
      'etc/ld.so.cache': {
        hex: '676c6962632d6c642e736f2e6361636865312e310000000000000000020000000000000000000000000000000000000000',
      },
    },
  },
  check,
};

function* check({ rootfs }: DebSubject): Iterable<Found> {
  const file = '/etc/ld.so.cache';
  const bytes = rootfs.content(file);
  if (bytes === undefined) return;
  const cache = parseLinkerCache(bytes);
  if (cache === undefined) {
    yield { message: `${file} is no cache of ldconfig`, context: file, file };
    return;
  }
  for (const path of [...cache.values()].flat()) {
    if (rootfs.at(path) !== undefined) continue;
    yield { message: `${path} is in the cache and not in the rootfs`, context: path, file };
  }
}
