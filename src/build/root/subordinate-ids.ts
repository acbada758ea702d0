import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';

/** A range of uids or gids: `count` ids from `start` on. */
export interface IdRange {
  start: number;
  count: number;
}

/** One line of a uid_map or gid_map, user_namespaces(7). */
export interface IdMapping {
  inside: number;
  outside: number;
  count: number;
}

/** How many ids a Debian root needs: nobody is 65534. */
export const idCount = 65_536;

/** Builds of root share this range; those of jails count up from 0x70000000, and 0x7ffe0000 is systemd's. */
const rootRange: IdRange = { start: 0x7ffd_0000, count: idCount };

/** The maps for a build: root in the namespace is the calling user, or for root itself an unused range. */
export async function buildIdMappings(): Promise<{ uid: IdMapping[]; gid: IdMapping[] }> {
  const { uid, gid, username } = userInfo();
  if (uid === 0) {
    const mapping = [{ inside: 0, outside: rootRange.start, count: rootRange.count }];
    return { uid: mapping, gid: mapping };
  }
  const [uids, gids] = await Promise.all([
    subordinateRange('/etc/subuid', username, uid),
    subordinateRange('/etc/subgid', username, uid),
  ]);
  return { uid: ownIdFirst(uid, uids), gid: ownIdFirst(gid, gids) };
}

function ownIdFirst(own: number, range: IdRange): IdMapping[] {
  return [
    { inside: 0, outside: own, count: 1 },
    { inside: 1, outside: range.start, count: idCount - 1 },
  ];
}

/**
 * The first subordinate range of a user that is large enough, subuid(5).
 *
 * @throws ProdngError HOST_LACKS when there is none
 */
async function subordinateRange(file: string, username: string, uid: number): Promise<IdRange> {
  const range = parseSubordinateIds(await readOrEmpty(file)).find(
    (line) => (line.owner === username || line.owner === String(uid)) && line.count >= idCount - 1,
  );
  if (range !== undefined) return range;
  throw new ProdngError('HOST_LACKS', `${file}: no range of ${idCount} ids for ${username}`, {
    hint: `as root, run: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
  });
}

/** Parses /etc/subuid or /etc/subgid; lines that are none are left out, as shadow's own tools do. */
export function parseSubordinateIds(text: string): (IdRange & { owner: string })[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([^:#\s]+):(\d{1,10}):(\d{1,10})$/.exec(line.trim());
    const [, owner, start, count] = match ?? [];
    if (owner === undefined) return [];
    return [{ owner, start: Number(start), count: Number(count) }];
  });
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
