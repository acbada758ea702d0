import type { ListenPort } from '../../control/jail-declaration.ts';
import { parseBoolean, settingOf, settingsOf, type Unit } from '../../systemd-unit/unit.ts';
import { parseListenAddress } from '../../systemd-unit/unit-values.ts';
import type { Closure } from './closure.ts';
import { configurationFiles } from './configuration.ts';
import { knownService } from './known-services.ts';
import type { Proposal } from './proposal.ts';

/** Jail-Network, Jail-Listen and Jail-Health; returns the ports. */
export function proposeNetwork(
  unit: Unit,
  sockets: readonly Unit[],
  argv: readonly string[],
  closure: Closure,
  given: ListenPort | undefined,
  proposal: Proposal,
): ListenPort[] {
  const ports = given === undefined ? foundPorts(unit, sockets, argv, closure, proposal) : [given];
  noteSockets(sockets, proposal);
  if (given === undefined && isWithoutNetwork(unit)) {
    proposal.set('Network', 'none');
    return [];
  }
  proposal.set('Network', 'loopback');
  if (ports.length === 0)
    proposal.note(
      'Listen',
      'No port was found in its units, command line and configuration: if it listens, declare where.',
    );
  else proposal.set('Listen', ports.map(({ port, protocol }) => `${port}/${protocol}`).join(', '));
  const asked = ports.find(({ protocol }) => protocol === 'tcp');
  if (asked !== undefined) proposal.set('Health', `tcp://:${asked.port} interval=10s timeout=2s`);
  return ports;
}

function isWithoutNetwork(unit: Unit): boolean {
  if (parseBoolean(settingOf(unit, 'Service', 'PrivateNetwork')?.value ?? 'no') === true) return true;
  const families = settingsOf(unit, 'Service', 'RestrictAddressFamilies').flatMap(({ value }) =>
    value.split(/\s+/),
  );
  if (families.length === 0 || families[0]?.startsWith('~') === true) return false;
  return !families.some((family) => family === 'AF_INET' || family === 'AF_INET6');
}

function foundPorts(
  unit: Unit,
  sockets: readonly Unit[],
  argv: readonly string[],
  closure: Closure,
  proposal: Proposal,
): ListenPort[] {
  const fromSockets = sockets.flatMap(socketPorts);
  if (fromSockets.length > 0) return unique(fromSockets);
  const fromCommand = commandPorts(argv);
  if (fromCommand.length > 0) return unique(fromCommand);
  for (const file of configurationFiles(argv, closure)) {
    const ports = configuredPorts(file.read().toString('utf8'));
    if (ports.length === 0) continue;
    proposal.note('Listen', `As ${file.path} seems to say.`);
    return unique(ports);
  }
  const known = knownService(unit.name).listen ?? [];
  if (known.length > 0)
    proposal.note('Listen', 'Where it listens unless told otherwise, by its documentation.');
  return [...known];
}

function socketPorts(socket: Unit): ListenPort[] {
  const of = (directive: string, protocol: ListenPort['protocol']) =>
    settingsOf(socket, 'Socket', directive).flatMap(({ value }) => {
      const address = parseListenAddress(value);
      return address?.kind === 'port' ? [{ port: address.port, protocol }] : [];
    });
  return [...of('ListenStream', 'tcp'), ...of('ListenDatagram', 'udp')];
}

function noteSockets(sockets: readonly Unit[], proposal: Proposal): void {
  for (const socket of sockets) {
    const where = settingsOf(
      socket,
      'Socket',
      'ListenStream',
      'ListenDatagram',
      'ListenSequentialPacket',
      'ListenFIFO',
    )
      .map(({ value }) => value)
      .join(', ');
    proposal.note(
      'Listen',
      `${socket.name} (${where}): socket activation is not available in a jail: the service must open its sockets itself.`,
    );
  }
}

/** `--port 80`, `--port=80`, `-p 80`, `--listen :80`, `--web.listen-address=:9090`. */
export function commandPorts(argv: readonly string[]): ListenPort[] {
  return argv.slice(1).flatMap((word, index) => {
    const [, option = '', joined] = /^(--?[\w.-]+)(?:=(.*))?$/s.exec(word) ?? [];
    const value = joined ?? argv[index + 2] ?? '';
    if (!/(?:^--?port$|-port$|^-p$|listen|^--?addr$|-addr(?:ess)?$)/.test(option)) return [];
    const digits = (option === '-p' || option.endsWith('port') ? /^(\d{1,5})$/ : /:(\d{1,5})$/).exec(
      value,
    )?.[1];
    return tcpPort(digits);
  });
}

/** Lines of configuration files such as `port 6379`, `listen = 80`, `listener 1883`, `server.port = 80`, `listen 80 default_server;`. */
export function configuredPorts(text: string): ListenPort[] {
  const pattern =
    /^[ \t]*(?:[\w]+\.)?(?:tcp-?port|port|listen|listener|http_port|bind_port|listen-address|Port|Listen)[ \t]*[:= \t][ \t]*["']?(?:\[[0-9a-fA-F:.]*\]:|[\w.*-]*:)?(\d{1,5})\b(?![.:\w])/gm;
  return [...text.matchAll(pattern)].flatMap(([, digits]) => tcpPort(digits));
}

function tcpPort(digits: string | undefined): ListenPort[] {
  const port = Number(digits ?? 0);
  return port >= 1 && port <= 65_535 ? [{ port, protocol: 'tcp' }] : [];
}

function unique(ports: readonly ListenPort[]): ListenPort[] {
  return [...new Map(ports.map((port) => [`${port.port}/${port.protocol}`, port])).values()];
}
