import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'control-member-unexpected',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the control archive holds a file that a jail has no use for',
  explanation:
    'conffiles, triggers, templates and symbols files make dpkg or other packages do something on ' +
    "the host. A jail's .deb has a control file and md5sums.",
  fix: 'Build it with `prodng build`.',
  references: ['deb(5)', 'dpkg(1)'],
  triggers: { deb: { controlFiles: { triggers: 'activate-noawait ldconfig\n' } } },
  clean: {},
  check,
};

const known = new Set(['control', 'md5sums', 'preinst', 'postinst', 'prerm', 'postrm', 'config']);

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const name of deb.controlFiles.keys()) {
    if (known.has(name)) continue;
    yield { message: `${name} makes dpkg do more than unpack`, context: name, file: name };
  }
}
