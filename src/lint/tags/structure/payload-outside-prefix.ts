import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'payload-outside-prefix',
  family: 'structure',
  severity: 'error',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the .deb puts files outside of its own folder',
  explanation:
    "Whatever lies elsewhere is the host's: a unit, a cron job or a program there runs outside of " +
    'the jail.',
  fix: 'Build it with `prodng build`; everything lies below usr/lib/prodng/jails/NAME.',
  references: ['docs/architecture.md'],
  triggers: { deb: { entries: { 'etc/cron.d/hello': '* * * * * root true\n' } } },
  clean: {},
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  const parts = deb.jailFolder.split('/');
  const parents = new Set(['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))]);
  const known = ['rootfs', 'jail.inputs', 'jail.lock', 'jail.lint-overrides'].map(
    (name) => `${deb.jailFolder}/${name}`,
  );
  for (const { path, type } of deb.entries) {
    if (parents.has(path) && type === 'directory') continue;
    if (known.some((own) => path === own || (own.endsWith('/rootfs') && path.startsWith(`${own}/`))))
      continue;
    const message = `${path} is outside of ${deb.jailFolder}`;
    yield { message, context: path, file: path };
  }
}
