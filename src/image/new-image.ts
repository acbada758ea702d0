import { basename, resolve } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { checkTarget, writeNewFolder } from '../template/new-folder.ts';
import { imageFile } from './image-source.ts';

/** The image.yaml that a new image source begins with. */
function firstImage(name: string): string {
  return `# A base image of ProdNG; the keys: docs/image.md
name: ${name}
version: "1.0"
kernel:
  variant: cloud          # or amd64, for real hardware
  commandLine: [quiet]    # fixed in the image
packages:
  - prodng-agent
  - crun                  # runs the jails
  - kmod                  # loads the modules that devices ask for
  - util-linux            # nsenter and setpriv
  - coreutils             # tee and cat, where others have a shell
  - perl-base             # keeps the logs of jails
without:
  - {package: apt-utils, reason: builds of jails only}
  - {package: mmdebstrap, reason: builds of jails only}
  - {package: debian-archive-keyring, reason: builds of jails only}
  - {package: uidmap, reason: builds of ordinary users only}
  - {package: busybox-static, reason: it is a shell}
  - {package: runc, reason: crun runs the jails}
  - {package: systemd, reason: PID 1 is ProdNG's own}
  - {package: gpgv, reason: the archives of builds only}
  - {package: procps, reason: nothing of the agent needs it}
  - {package: dpkg, reason: nothing is installed with it on a host}
  - {package: nodejs, reason: prodng-nodejs is the Node of the agent}
prune:
  - {path: /usr/bin/prodng, reason: a shell script; PID 1 starts Node itself}
  - {path: /usr/share/prodng/templates, reason: nothing is made on a host}
  - {path: /usr/share/prodng/init, reason: nothing is built on a host}
  - {path: /usr/share/perl5, reason: no program of the image is written in it}
  - {path: "/usr/lib/x86_64-linux-gnu/perl-base/*/*", reason: the keeper of logs uses strict alone}
  - {path: "/usr/lib/x86_64-linux-gnu/*.a", reason: for linking programs}
  - {path: /usr/lib/x86_64-linux-gnu/gconv, reason: character sets of libc that Node does not use}
  - {path: "/usr/lib/modules/*/kernel/arch/x86/kvm", reason: jails are no virtual machines}
  - {path: "/usr/lib/modules/*/kernel/drivers/infiniband", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/target", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/block/drbd", reason: not used}
  - {path: "/usr/lib/modules/*/kernel/drivers/comedi", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/hid", reason: a host has no keyboard}
  - {path: "/usr/lib/modules/*/kernel/drivers/md/bcache", reason: not used}
  - {path: "/usr/lib/modules/*/kernel/net/smc", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/rds", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/fs/btrfs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/xfs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/ceph", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/cifs", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/smb", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/nfs*", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/ocfs2", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/gfs2", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/fs/f2fs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/net/ceph", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/net/sunrpc", reason: no network file systems}
  - {path: "/usr/lib/modules/*/kernel/net/sctp", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/tipc", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/dccp", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/rxrpc", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/bluetooth", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/net/openvswitch", reason: not used}
  - {path: /usr/bin/pzstd, reason: nothing of the agent needs it}
  - {path: /usr/sbin/debugfs, reason: fsck repairs what can be repaired}
  - {path: "/usr/lib/x86_64-linux-gnu/libdb-5.*", reason: only arpd uses it}
  - {path: /usr/sbin/arpd, reason: nothing of the agent needs it}
  - {path: /usr/bin/ss, reason: nothing of the agent needs it}
  - {path: /usr/sbin/tc, reason: nothing of the agent needs it}
  - {path: /usr/bin/rdma, reason: nothing of the agent needs it}
  - {path: /usr/bin/nstat, reason: nothing of the agent needs it}
  - {path: /usr/sbin/devlink, reason: nothing of the agent needs it}
  - {path: /usr/sbin/tipc, reason: nothing of the agent needs it}
  - {path: /usr/sbin/dcb, reason: nothing of the agent needs it}
  - {path: /usr/sbin/vdpa, reason: nothing of the agent needs it}
  - {path: /usr/sbin/genl, reason: nothing of the agent needs it}
  - {path: /usr/sbin/rtmon, reason: nothing of the agent needs it}
  - {path: "/usr/lib/x86_64-linux-gnu/libtirpc.so*", reason: only ss uses it}
  - {path: "/usr/lib/x86_64-linux-gnu/libgssapi_krb5.so*", reason: only ss uses it}
  - {path: "/usr/lib/x86_64-linux-gnu/libkrb5.so*", reason: only ss uses it}
  - {path: "/usr/lib/x86_64-linux-gnu/libk5crypto.so*", reason: only ss uses it}
  - {path: "/usr/lib/x86_64-linux-gnu/libkrb5support.so*", reason: only ss uses it}
  - {path: /usr/lib/x86_64-linux-gnu/krb5, reason: only ss uses it}
  - {path: "/usr/lib/x86_64-linux-gnu/libgio-2.0.so*", reason: conmon uses libglib alone}
  - {path: "/usr/lib/x86_64-linux-gnu/libgobject-2.0.so*", reason: conmon uses libglib alone}
  - {path: "/usr/lib/x86_64-linux-gnu/libgmodule-2.0.so*", reason: conmon uses libglib alone}
  - {path: "/usr/lib/x86_64-linux-gnu/libgthread-2.0.so*", reason: conmon uses libglib alone}
  - {path: /usr/lib/x86_64-linux-gnu/glib-2.0, reason: conmon uses libglib alone}
  - {path: "/usr/lib/x86_64-linux-gnu/libssl.so*", reason: Node has its own}
  - {path: "/usr/lib/x86_64-linux-gnu/engines-3", reason: kmod uses libcrypto alone}
  - {path: "/usr/lib/x86_64-linux-gnu/ossl-modules", reason: kmod uses libcrypto alone}
  - {path: "/usr/lib/x86_64-linux-gnu/libmvec.so*", reason: no program of the image uses it}
  - {path: "/usr/lib/modules/*/kernel/drivers/net/wwan", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/media", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/soundwire", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/vfio", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/uio", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/cdrom", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/cxl", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/leds", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/platform/surface", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/scsi/scsi_debug.ko", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/scsi/st.ko", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/drivers/scsi/ipr.ko", reason: no such hardware}
  - {path: "/usr/lib/modules/*/kernel/fs/cachefiles", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/fscache", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/netfs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/lockd", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/orangefs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/nls", reason: for FAT and the like}
  - {path: "/usr/lib/modules/*/kernel/fs/udf", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/exfat", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/sysv", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/zonefs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/isofs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/fs/erofs", reason: /var is ext4}
  - {path: "/usr/lib/modules/*/kernel/net/l2tp", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/mpls", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/key", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/kcm", reason: a protocol that jails cannot use}
  - {path: "/usr/lib/modules/*/kernel/net/netfilter/ipvs", reason: not used}
slotSize: 96M
network:
  - {interface: eth0, address: 10.0.2.15/24, gateway: 10.0.2.2}
agent: {}
`;
}

/**
 * Makes the folder of a new image source.
 *
 * @returns the image's name
 * @throws ProdngError TARGET_EXISTS, USAGE when the folder's name is no host name, IO
 */
export async function newImage(dir: string): Promise<string> {
  const target = await checkTarget(dir);
  const name = basename(resolve(dir));
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
    throw new ProdngError('USAGE', `${name}: not a name for an image: a-z, 0-9 and - are allowed`);
  await writeNewFolder(target, [{ path: imageFile, content: firstImage(name), executable: false }]);
  return name;
}
