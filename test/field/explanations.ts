import type { FieldFinding } from './wrap.ts';

/** Why an error or warning stands: `true` of what the package needs, or `mistaken`, a fault of lint. */
export interface Explanation {
  tag: string;
  /** Packages it is about; all when not named. */
  packages?: readonly string[];
  context?: RegExp;
  verdict: 'true' | 'mistaken';
  text: string;
}

export const explanations: readonly Explanation[] = [
  {
    tag: 'compiler-in-rootfs',
    packages: ['varnish'],
    verdict: 'true',
    text: `varnish compiles its configuration with gcc when it starts, and its package depends on gcc. Whoever gets into
such a jail finds a compiler there.`,
  },
];

/** Why a package does not do in its jail what it is for, as proposed: what was seen, not what might be. */
export const notWorkingBecause: Readonly<Record<string, string>> = {
  unbound:
    'started with -dd it says: unable to open /var/lib/unbound/root.key. A helper makes it before the start (ExecStartPre, a comment in debian/control).',
  nsd: 'its configuration logs to syslog alone, so that it ends without a word; without that configuration it says that the certificate of its remote control is missing, which its maintainer scripts make. A key must not be part of a package.',
  squid:
    'with -d 5 it says: shm_open(/squid-cf__metadata.shm): No such file or directory. A jail has no /dev/shm, and Jail-Filesystem takes none. More memory (1G) changes nothing.',
  varnish:
    'it says: Unix Jail: Must be root. The unit starts it as root with -j unix. Other values of -j were not tried.',
  vsftpd:
    'it ends with status 2 and no message; its program has the message "must be started as root" for the configuration that the package brings.',
  'openssh-server':
    'it says: /etc/ssh/sshd_config: No such file or directory. Maintainer scripts make it, and the host keys, which must not be part of a package.',
};

/** The explanation of a finding, if somebody wrote one. */
export function explain(name: string, finding: FieldFinding): Explanation | undefined {
  return explanations.find(
    ({ tag, packages, context }) =>
      tag === finding.tag &&
      (packages === undefined || packages.includes(name)) &&
      (context === undefined || context.test(finding.context ?? '')),
  );
}
