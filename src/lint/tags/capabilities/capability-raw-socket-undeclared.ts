import { programName } from '../../command-line.ts';
import type { Found } from '../../finding.ts';
import type { DeclaredSubject } from '../../subject.ts';
import type { Tag } from '../../tag.ts';

export const tag: Tag = {
  id: 'capability-raw-socket-undeclared',
  family: 'capabilities',
  severity: 'warning',
  certainty: 'likely',
  reads: 'declaration',
  summary: 'the command needs raw sockets, and CAP_NET_RAW is not declared',
  explanation:
    'On a Debian host such programs get the capability from their file (setcap in a maintainer ' +
    'script). Extended attributes cannot travel in a .deb, and no_new_privs would ignore them.',
  fix: "Declare Jail-Capabilities: NET_RAW, if that is really the service's work.",
  references: ['capabilities(7)', 'raw(7)'],
  triggers: { control: 'Jail-Command: /usr/bin/tcpdump -i lo' },
  clean: { control: 'Jail-Command: /usr/bin/tcpdump -i lo\nJail-Capabilities: NET_RAW' },
  check,
};

const programs = new Set(
  'arping arp-scan dhclient dumpcap fping hping3 masscan mtr mtr-packet nmap tcpdump tcptraceroute tshark zmap'.split(
    ' ',
  ),
);

function* check({ declaration: { command, capabilities } }: DeclaredSubject): Iterable<Found> {
  const name = programName(command);
  if (!programs.has(name) || capabilities.includes('CAP_NET_RAW')) return;
  const message = `${name} opens raw or packet sockets, for which CAP_NET_RAW is not declared`;
  yield { message, context: name, field: 'Command', at: name };
}
