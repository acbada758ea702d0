import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'gzip-time',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a gzip header holds the time of the build',
  explanation:
    'gzip writes the time at which it ran into its header; with that each build gives other bytes.',
  fix: 'Compress with `gzip -n`.',
  references: ['RFC 1952', 'reproducible-builds.org'],
  triggers: {
    rootfs: { 'usr/share/hello/data.gz': { hex: '1f8b08005d2ef1650003030000000000000000000000' } },
  },
  clean: { rootfs: { 'usr/share/hello/data.gz': { hex: '1f8b0800000000000003030000000000000000000000' } } },
  check,
};

function* check({ deb, rootfs }: DebSubject): Iterable<Found> {
  for (const { path, what } of rootfs.nodes.values()) {
    // what the archive's packages have from their own builds is pinned by the lock
    if (what?.kind !== 'gzip' || what.time <= deb.epoch) continue;
    const time = new Date(what.time * 1000).toISOString();
    yield { message: `${path} says that gzip ran at ${time}`, context: path, file: path };
  }
}
