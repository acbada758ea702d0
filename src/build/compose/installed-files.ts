/** Files of an installed root that say when, where or on what machine it was installed; docs/compose-install.md. */
const leftOut: readonly RegExp[] = [
  // the identity of one machine, and keys that every copy of the jail would share
  /^etc\/(?:machine-id|hostname|hosts|resolv\.conf|mtab|adjtime|\.pwd\.lock)$/,
  /^var\/lib\/dbus\/machine-id$/,
  /(?:^|\/)random-seed$/,
  /^etc\/ssl\/(?:private\/.|certs\/ssl-cert-snakeoil\.pem$)/,
  /^etc\/ssh\/ssh_host_/,
  /(?:^|\/)\.erlang\.cookie$/,
  // what is regenerated when needed: logs, caches, compiled Python with the times of its sources
  /^var\/(?:log|cache|tmp|backups|spool\/(?:mail|cron))\/(?:.*[^/])?$/,
  /(?:^|\/)__pycache__(?:\/|$)/,
  /^etc\/ld\.so\.cache$/,
  // backups of configuration
  /^etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)-$/,
  /\.(?:dpkg-(?:old|new|dist|bak|tmp|remove)|ucf-(?:old|new|dist))$/,
  // state of what does not run in a jail: package manager, init, PAM's menu
  /^var\/lib\/(?:pam|systemd|python|shells\.state|man-db|apparmor|update-rc\.d|ispell|vim|xml-core|sgml-base|emacsen-common|initramfs-tools|logrotate|ieee-data)(?:\/|$)/,
  /^etc\/(?:rc[0-6S]\.d|systemd\/system)(?:\/|$)/,
  /^usr\/sbin\/policy-rc\.d$/,
];

/** Folders of these stay, empty: programs write below them. */
const emptied = /^var\/(?:log|cache)\//;

/**
 * Whether a file or folder of an installed root is not for its rootfs.
 *
 * @param path relative, usr-merged
 */
export function isLeftOut(path: string, isFolder: boolean): boolean {
  if (isFolder && emptied.test(path)) return false;
  return leftOut.some((pattern) => pattern.test(path));
}

/**
 * The content of a file without the day it was made on: shadow(5) has it as the last change of each password.
 *
 * @param sourceDateEpoch seconds
 */
export function installedContent(path: string, content: Buffer, sourceDateEpoch: number): Buffer {
  if (path !== 'etc/shadow') return content;
  const day = Math.floor(sourceDateEpoch / 86_400);
  const text = content.toString('latin1').replace(/^([^:\n]*:[^:\n]*):\d+:/gm, `$1:${day}:`);
  return Buffer.from(text, 'latin1');
}
