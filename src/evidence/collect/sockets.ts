import { ownValue } from '../../system/own-value.ts';
/** A socket of a network namespace, proc_net_tcp(5) and proc_net_unix(5). */
export interface Socket {
  protocol: string;
  state?: string;
  /** `ADDRESS:PORT`, `[ADDRESS]:PORT`, or the name of a unix socket. */
  local: string;
  peer?: string;
  uid?: number;
  inode: number;
}

/** include/net/tcp_states.h */
const states: Readonly<Record<string, string>> = {
  '01': 'established',
  '02': 'syn-sent',
  '03': 'syn-received',
  '04': 'fin-wait-1',
  '05': 'fin-wait-2',
  '06': 'time-wait',
  '07': 'closed',
  '08': 'close-wait',
  '09': 'last-ack',
  '0A': 'listening',
  '0B': 'closing',
};

/**
 * Parses /proc/net/{tcp,tcp6,udp,udp6,raw,raw6}. Lines that are none are left out.
 *
 * @param littleEndian how this machine writes the words of an address
 */
export function parseInetSockets(protocol: string, text: string, littleEndian = true): Socket[] {
  return text.split('\n').flatMap((line) => {
    const match =
      /^\s*\d+: ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+\s+(\d+)\s+\d+ (\d+)/.exec(
        line,
      );
    if (match === null) return [];
    const [, local = '', port = '', peer = '', peerPort = '', state = '', uid, inode] = match;
    return [
      {
        protocol,
        ...(protocol.startsWith('tcp') ? { state: ownValue(states, state) ?? state } : {}),
        local: endpoint(local, port, littleEndian),
        peer: endpoint(peer, peerPort, littleEndian),
        uid: Number(uid),
        inode: Number(inode),
      },
    ];
  });
}

/** Parses /proc/net/unix. */
export function parseUnixSockets(text: string): Socket[] {
  return text.split('\n').flatMap((line) => {
    const match = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ +(\d+)(?: (.*))?$/.exec(
      line,
    );
    return match === null ? [] : [{ protocol: 'unix', local: match[2] ?? '', inode: Number(match[1]) }];
  });
}

function endpoint(address: string, port: string, littleEndian: boolean): string {
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => {
    const four = (word.match(/../g) ?? []).map((digits) => Number.parseInt(digits, 16));
    return littleEndian ? four.reverse() : four;
  });
  const number = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`;
  const groups = Array.from({ length: 8 }, (_, at) =>
    (((bytes[at * 2] ?? 0) << 8) | (bytes[at * 2 + 1] ?? 0)).toString(16),
  );
  return `[${groups.join(':')}]:${number}`;
}
