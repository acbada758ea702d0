import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'host-identity',
  family: 'reproducible',
  severity: 'warning',
  certainty: 'certain',
  reads: 'deb',
  summary: 'the rootfs carries the identity of some machine',
  explanation:
    'A machine id or host keys in a package are the same on every host that runs it, and disclose where ' +
    'it was built.',
  fix: 'Leave the file out; what needs an identity makes one at its first start, in a volume.',
  references: ['machine-id(5)', 'ssh-keygen(1)'],
  triggers: { rootfs: { 'etc/machine-id': '4bb6e2b9a1a04d9cbd2f0c1c3f8e0f11\n' } },
  clean: { rootfs: { 'etc/machine-id': '' } },
  check,
};

const paths = ['/etc/machine-id', '/var/lib/dbus/machine-id', '/etc/hostname'];

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const path of paths) {
    const node = rootfs.nodes.get(path);
    const text = rootfs.contents.get(path)?.toString().trim() ?? '';
    if (node?.type !== 'file' || text === '' || text === 'uninitialized' || text === 'localhost') continue;
    yield { message: `${path} names one machine`, context: path, file: path };
  }
  for (const { path } of rootfs.children('/etc/ssh')) {
    if (!/\/ssh_host_\w+_key(?:\.pub)?$/.test(path)) continue;
    yield { message: `${path} is the key of one machine`, context: path, file: path };
  }
}
