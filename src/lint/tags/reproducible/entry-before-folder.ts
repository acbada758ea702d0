import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'entry-before-folder',
  family: 'reproducible',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'an entry precedes its folder',
  explanation: 'dpkg cannot unpack a file into a folder that is not there yet.',
  fix: 'Build it with `prodng build`.',
  references: ['deb(5)'],
  triggers: { deb: { order: 'reversed' } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  const seen = new Set(['.', '']);
  for (const { path, type } of deb.entries) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (!seen.has(parent)) {
      const message = `${path} precedes its folder, or the folder is missing`;
      yield { message, context: path, file: path };
    }
    if (type === 'directory' || type === 'symlink') seen.add(path);
  }
}
