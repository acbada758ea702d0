import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { peerCredentials } from '../../kernel/peer.ts';
import { groupId } from '../../system/group.ts';
import type { AgentConfig } from '../state/agent-config.ts';
import { type Role, roles } from './roles.ts';

export type RoleConfig = AgentConfig['roles'];

/**
 * The role of a client, by its certificate or by what the kernel says of the process at the other end of the socket. Where
 * agent.json has no rule for that kind of client, each that can connect is `admin`; root always is.
 *
 * @returns undefined when there are rules and none is for it
 */
export function roleOf(socket: Socket, { certificates, groups }: RoleConfig): Role | undefined {
  if (socket instanceof TLSSocket)
    return certificates === undefined ? 'admin' : certificateRole(socket, certificates);
  if (groups === undefined) return 'admin';
  const peer = peerCredentials(socket);
  return peer === undefined ? undefined : groupRole(peer, groups);
}

/** The first rule that matches decides. */
function certificateRole(
  socket: TLSSocket,
  certificates: NonNullable<RoleConfig['certificates']>,
): Role | undefined {
  const { subject } = socket.getPeerCertificate();
  const has = (values: string | string[] | undefined, wanted: string | undefined) =>
    wanted !== undefined && [values ?? []].flat().includes(wanted);
  return certificates.find(({ name, unit }) => has(subject?.CN, name) || has(subject?.OU, unit))?.role;
}

/** The highest role of its groups. */
function groupRole(
  { uid, gids }: { uid: number; gids: readonly number[] },
  groups: NonNullable<RoleConfig['groups']>,
): Role | undefined {
  if (uid === 0) return 'admin';
  const etcGroup = readFileSync('/etc/group', 'utf8');
  const own = Object.entries(groups).flatMap(([name, role]) => {
    const gid = groupId(name, etcGroup);
    return gid !== undefined && gids.includes(gid) ? [role] : [];
  });
  return roles.findLast((role) => own.includes(role));
}
