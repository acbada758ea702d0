import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'owner-not-root',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'an entry does not belong to root',
  explanation:
    "In a jail's .deb everything is root's: ids of other users mean somebody else on each host, and " +
    "names of a builder's account differ from build to build.",
  fix: 'Build it with `prodng build`; data of other users belongs into a volume.',
  references: ['Policy 10.9'],
  triggers: { rootfs: { 'usr/share/hello/data': { content: 'x', uid: 1000, uname: 'builder' } } },
  clean: { rootfs: { 'usr/share/hello/data': { content: 'x' } } },
  check,
};

function* check({ deb }: DebSubject): Iterable<Found> {
  for (const { path, uid, gid, uname, gname } of deb.entries) {
    const isRoot = uid === 0 && gid === 0 && /^(?:root)?$/.test(uname) && /^(?:root)?$/.test(gname);
    if (isRoot) continue;
    const message = `${path} belongs to ${uname || uid}:${gname || gid}, not to root:root`;
    yield { message, context: path, file: path };
  }
}
