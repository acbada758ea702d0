import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'deb-compression',
  family: 'structure',
  severity: 'info',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb is not compressed with xz',
  explanation:
    'prodng builds with xz, so that equal contents give equal bytes; this .deb was made by something ' +
    'else.',
  fix: 'Build it with `prodng build`.',
  references: ['deb(5)'],
  triggers: { deb: { compression: 'gz' } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  if (deb.compression === 'xz') return;
  const message = `data.tar is compressed with ${deb.compression}; prodng build uses xz`;
  yield { message, context: deb.compression, file: 'data.tar' };
}
