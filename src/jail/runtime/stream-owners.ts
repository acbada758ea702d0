import { chownSync, fchownSync, fstatSync, statSync } from 'node:fs';
import { isUidOfJails } from '../storage/uid-range.ts';

const standardStreams = [0, 1, 2] as const;
/** conmon has the runtime read from it. null(4): it is root's. */
const nullDevice = '/dev/null';

/**
 * Remembers whose files our standard streams are. crun gives the files behind its streams to the service's user, so
 * that the service can open /dev/stderr again: a log of the host that it may only write to, and /dev/null itself, which
 * all jails and the host have in common (crun 1.8.1; later versions leave devices alone). A pipe is not shared.
 *
 * @returns takes them back, while the service has not executed an instruction
 */
export function rememberStreamOwners(): () => void {
  const files = standardStreams.flatMap((fd) => {
    const { uid, gid, isFile } = aboutStream(fd);
    return isFile ? [{ fd, uid, gid }] : [];
  });
  return () => {
    for (const { fd, uid, gid } of files) {
      const now = fstatSync(fd);
      if (now.uid !== uid || now.gid !== gid) fchownSync(fd, uid, gid);
    }
    // another jail may be starting, or an agent was killed before it came here: its earlier owner proves nothing
    if (isUidOfJails(statSync(nullDevice).uid)) chownSync(nullDevice, 0, 0);
  };
}

function aboutStream(fd: number): { uid: number; gid: number; isFile: boolean } {
  try {
    const about = fstatSync(fd);
    return { uid: about.uid, gid: about.gid, isFile: about.isFile() };
  } catch {
    // one that is closed
    return { uid: 0, gid: 0, isFile: false };
  }
}
