/** What is changed of a sound source, and the tag that must say so. */
export interface SourceFault {
  tag: string;
  /** Lines for the jail's stanza, without XB-; a field without a value is removed. */
  fields?: string;
  /** Files of the source; null removes one. */
  files?: Readonly<Record<string, string | null>>;
}

const fieldFaults: readonly (readonly [tag: string, ...fields: string[]])[] = [
  ['jail-field-unknown', 'Jail-Memroy: 64M', 'Jail-Capability: CHOWN', 'Jail-Ports: 80', 'Jail-Sandbox: yes'],
  ['jail-field-missing', 'Jail-Format:', 'Jail-Command:'],
  [
    'jail-field-invalid',
    'Jail-Format: 2',
    'Jail-Memory: lots',
    'Jail-Memory: 64MB',
    'Jail-Pids: 0',
    'Jail-Pids: many',
    'Jail-Cpu: 50',
    'Jail-Network: bridge',
    'Jail-Listen: 99999/tcp',
    'Jail-Listen: 80/sctp',
    'Jail-Restart: sometimes',
    'Jail-Stop: SIGFOO 5s',
    'Jail-Compose: copy',
    'Jail-User: Root User',
    'Jail-Filesystem: write /srv',
    'Jail-Health: ftp://:21/',
    'Jail-Environment: no equals sign',
  ],
  ['capability-unknown', 'Jail-Capabilities: NET_ADMN', 'Jail-Capabilities: CAP_ROOT'],
  ['capability-duplicate', 'Jail-Capabilities: CHOWN, KILL, chown'],
  [
    'capability-ineffective',
    ...['SYS_TIME', 'SYS_MODULE', 'SYS_BOOT', 'MKNOD', 'SYS_RAWIO', 'SYSLOG', 'BPF', 'AUDIT_WRITE'].map(
      (name) => `Jail-Capabilities: ${name}`,
    ),
  ],
  [
    'capability-redundant',
    'Jail-Capabilities: NET_BIND_SERVICE',
    'Jail-Capabilities: DAC_OVERRIDE, DAC_READ_SEARCH',
  ],
  ['capability-host-equivalent', 'Jail-Capabilities: SYS_ADMIN'],
  ['capability-takes-address', 'Jail-Network: macvlan\nJail-Listen: 80/tcp\nJail-Capabilities: NET_ADMIN'],
  ['capability-forges-packets', 'Jail-Network: macvlan\nJail-Listen: 80/tcp\nJail-Capabilities: NET_RAW'],
  ['capability-setuid-alone', 'Jail-Capabilities: SETUID', 'Jail-Capabilities: SETGID, CHOWN'],
  [
    'capability-lost-by-user-switch',
    'Jail-Command: /usr/sbin/runuser -u nobody /bin/x\nJail-Capabilities: SETUID, SETGID, KILL',
  ],
  [
    'capability-raw-socket-undeclared',
    'Jail-Command: /usr/bin/fping 192.0.2.1',
    'Jail-Command: /usr/bin/nmap -sS x',
  ],
  ['path-relative', 'Jail-Filesystem: rw var/lib/x size=1M', 'Jail-Filesystem: tmp tmp'],
  [
    'path-escapes',
    'Jail-Filesystem: rw /var/lib/../../etc size=1M',
    'Jail-Filesystem: ro /srv/../etc/shadow /etc/x',
  ],
  ['path-not-normalised', 'Jail-Filesystem: rw /var/lib/x/ size=1M', 'Jail-Filesystem: tmp //tmp'],
  ['mount-duplicate', 'Jail-Filesystem: tmp /tmp\n rw /tmp size=1M'],
  ['mount-overlap', 'Jail-Filesystem: rw /var/lib/x size=1M\n tmp /var/lib/x/cache size=1M'],
  ['mount-writable-root', 'Jail-Filesystem: rw / size=1M', 'Jail-Filesystem: tmp / size=1M'],
  [
    'mount-writable-system',
    ...['/etc', '/usr', '/usr/bin', '/bin', '/lib', '/lib64', '/boot'].map(
      (path) => `Jail-Filesystem: rw ${path} size=1M`,
    ),
  ],
  [
    'mount-over-kernel',
    ...['/proc', '/sys/fs', '/dev'].map((path) => `Jail-Filesystem: tmp ${path} size=1M`),
  ],
  ['mount-writable-configuration', 'Jail-Filesystem: rw /etc/x size=1M'],
  [
    'host-path-sensitive',
    ...[
      '/etc/shadow',
      '/run/docker.sock',
      '/root/.ssh',
      '/proc',
      '/dev/sda',
      '/',
      '/var/lib/dpkg',
      '/home/x',
    ].map((path) => `Jail-Filesystem: ro ${path} /mnt/x`),
  ],
  ['host-path', 'Jail-Filesystem: ro /srv/x /mnt/x'],
  ['volume-without-size', 'Jail-Filesystem: rw /srv/x'],
  ['command-writable', 'Jail-Command: /srv/x/run\nJail-Filesystem: rw /srv/x size=1M'],
  ['search-path-writable', 'Jail-Environment: PYTHONPATH=/srv/x/lib\nJail-Filesystem: rw /srv/x size=1M'],
  [
    'writable-place-undeclared',
    'Jail-Command: /usr/bin/x --data=/var/lib/elsewhere',
    'Jail-Command: /usr/bin/x --log /var/log/x.log',
    'Jail-Workdir: /var/lib/elsewhere',
  ],
  ['command-not-absolute', 'Jail-Command: x --serve', 'Jail-Command: ./x'],
  ['command-prefix', 'Jail-Command: +/usr/bin/x', 'Jail-Command: @/usr/bin/x x'],
  ['command-shell-string', "Jail-Command: /bin/sh -c 'x && y'", "Jail-Command: /usr/bin/bash -ec 'exec x'"],
  [
    'command-switches-user',
    'Jail-Command: /usr/bin/su www-data',
    'Jail-Command: /usr/sbin/gosu x /usr/bin/x',
  ],
  [
    'command-daemonises',
    'Jail-Command: /usr/bin/x --daemon',
    'Jail-Command: /usr/sbin/nginx -g "daemon on;"',
  ],
  [
    'command-port-undeclared',
    'Jail-Command: /usr/bin/x --port=4711\nJail-Network: loopback\nJail-Listen: 80/tcp',
  ],
  ['environment-duplicate', 'Jail-Environment: A=1\n A=2'],
  [
    'environment-secret',
    'Jail-Environment: DB_PASSWORD=x',
    'Jail-Environment: API_KEY=x',
    'Jail-Environment: TOKEN=x',
  ],
  ['loader-variable', 'Jail-Environment: LD_PRELOAD=libx.so', 'Jail-Environment: LD_LIBRARY_PATH=/usr/lib/x'],
  ['search-path-relative', 'Jail-Environment: PATH=/usr/bin:.', 'Jail-Environment: PERL5LIB=lib'],
  ['syscall-unknown', 'Jail-Syscalls: @system-servce', 'Jail-Syscalls: @system-service, opne'],
  ['syscalls-dangerous', 'Jail-Syscalls: @system-service, @mount', 'Jail-Syscalls: @system-service, ptrace'],
  ['user-root', 'Jail-User: root'],
  ['compose-install', 'Jail-Compose: install'],
  ['port-duplicate', 'Jail-Network: loopback\nJail-Listen: 80/tcp, 80/tcp'],
  ['listen-without-network', 'Jail-Network: none\nJail-Listen: 80/tcp\nJail-Health:'],
  ['connect-without-network', 'Jail-Network: loopback\nJail-Connect: db.example.org:5432/tcp'],
  ['connect-contradictory', 'Jail-Network: macvlan\nJail-Connect: any, dns'],
  ['connect-any', 'Jail-Network: macvlan\nJail-Connect: any'],
  ['connect-broad', 'Jail-Network: macvlan\nJail-Connect: 10.0.0.0/8:443/tcp'],
  ['connect-metadata', 'Jail-Network: macvlan\nJail-Connect: 169.254.169.254:80/tcp'],
  ['connect-loopback', 'Jail-Network: macvlan\nJail-Connect: 127.0.0.1:5432/tcp'],
  ['dns-without-egress', 'Jail-Network: macvlan\nJail-Connect: dns'],
  ['network-unused', 'Jail-Network: macvlan\nJail-Listen:\nJail-Health:'],
  ['tmpfs-exceeds-memory', 'Jail-Filesystem: tmp /tmp size=1G\nJail-Memory: 64M'],
  [
    'tmpfs-total-exceeds-memory',
    'Jail-Filesystem: tmp /tmp size=40M\n tmp /run/x size=30M\nJail-Memory: 64M',
  ],
  ['limits-default', 'Jail-Memory:', 'Jail-Pids:'],
  ['memory-absurd', 'Jail-Memory: 1M', 'Jail-Memory: 1T'],
  ['cpu-absurd', 'Jail-Cpu: 1%', 'Jail-Cpu: 9000%'],
  ['pids-absurd', 'Jail-Pids: 30000'],
  ['pids-too-few', 'Jail-Command: /usr/bin/java -jar x.jar\nJail-Pids: 5'],
  ['health-missing', 'Jail-Network: loopback\nJail-Listen: 80/tcp\nJail-Health:'],
  ['health-without-network', 'Jail-Network: none\nJail-Listen:\nJail-Health: tcp://:80'],
  ['health-port-undeclared', 'Jail-Network: loopback\nJail-Listen: 80/tcp\nJail-Health: tcp://:81'],
  ['health-timeout-exceeds-interval', 'Jail-Health: /bin/check interval=1s timeout=5s'],
  ['health-interval-absurd', 'Jail-Health: /bin/check interval=2h', 'Jail-Health: /bin/check interval=9h'],
  ['stop-signal-kill', 'Jail-Stop: SIGKILL 1s'],
  ['stop-timeout-absurd', 'Jail-Stop: SIGTERM 50min', 'Jail-Stop: SIGTERM 1ms'],
  ['restart-never', 'Jail-Network: loopback\nJail-Listen: 80/tcp\nJail-Restart: no'],
];

const fileFaults: readonly SourceFault[] = [
  { tag: 'control-syntax', fields: 'Jail-Broken 1' },
  { tag: 'changelog-syntax', files: { 'debian/changelog': 'broken\n' } },
  { tag: 'maintainer-script-in-source', files: { 'debian/postinst': '#!/bin/sh\n' } },
  { tag: 'maintainer-script-in-source', files: { 'debian/x.prerm': '#!/bin/sh\n' } },
  { tag: 'lock-missing-in-source', files: { 'debian/jail.lock': null } },
  { tag: 'lock-outdated', files: { 'debian/jail.lock': 'Format: 1\nArchitecture: amd64\n' } },
  { tag: 'override-unused', files: { 'debian/jail.lint-overrides': 'Tag: user-root\nReason: x\n' } },
  {
    tag: 'override-expired',
    files: { 'debian/jail.lint-overrides': 'Tag: limits-default\nReason: x\nExpires: 2001-01-01\n' },
  },
  { tag: 'override-invalid', files: { 'debian/jail.lint-overrides': 'Tag: no-such-tag\nReason: x\n' } },
  { tag: 'override-invalid', files: { 'debian/jail.lint-overrides': 'Tag: user-root\n' } },
];

/** Every fault that is seeded into sources. */
export const sourceFaults: readonly SourceFault[] = [
  ...fieldFaults.flatMap(([tag, ...all]) => all.map((fields) => ({ tag, fields }))),
  ...fileFaults,
];

/** Puts lines over those of the jail's stanza in a control file. */
export function withFields(control: string, fields: string): string {
  let text = control.trimEnd();
  for (const [, name = ''] of fields.matchAll(/^([^\s:]+)/gm)) {
    const pattern = new RegExp(`^XB-${name}:.*\\n(?:[ \\t].*\\n)*`, 'm');
    text = `${text}\n`.replace(pattern, '').trimEnd();
  }
  const lines = fields.replace(/^[^\s:]+:[ \t]*$\n?/gm, '').trimEnd();
  return `${text}\n${lines.replace(/^Jail-/gm, 'XB-Jail-')}${lines === '' ? '' : '\n'}`;
}
