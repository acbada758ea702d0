import type { Found } from '../../finding.ts';
import type { DebSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'private-key',
  family: 'filesystem',
  severity: 'error',
  certainty: 'likely',
  reads: 'deb',
  summary: 'a private key is in the package',
  explanation: 'Everybody who can read the package has the key.',
  fix: 'Leave it out, and have the host provide it as a file (`ro` in Jail-Filesystem).',
  references: ['docs/control-fields.md'],
  triggers: {
    rootfs: {
      'etc/hello/tls.key':
        '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n',
    },
  },
  clean: {
    rootfs: {
      'etc/hello/tls.crt':
        '-----BEGIN CERTIFICATE-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END CERTIFICATE-----\n',
    },
  },
  check,
};

/** Examples and tests of packages hold keys that everybody knows. */
const published = /\/(?:tests?|testdata|examples?|doc|demos?|fixtures)\//;

function* check({ rootfs }: DebSubject): Iterable<Found> {
  for (const { path, what } of rootfs.nodes.values()) {
    if (what?.kind !== 'private-key' || published.test(path)) continue;
    yield { message: `${path} is a private key`, context: path, file: path };
  }
}
