import { formatArgv } from './argv.ts';
import type { ConnectRule, JailDeclaration } from './jail-declaration.ts';
import { formatSize } from './quantity.ts';

/**
 * What a jail may do, in sentences for people who do not know the fields. What every jail is denied is not said.
 */
export function declarationWords(declaration: JailDeclaration): string[] {
  const { command, user, memory, cpu, pids, capabilities } = declaration;
  return [
    `It runs ${formatArgv(command)} as ${user === 'root' ? 'root of its jail' : `the user ${user}`}.`,
    `It may use ${formatSize(memory)} of memory, ${cpu} % of one CPU and ${pids} processes.`,
    ...networkWords(declaration),
    ...mountWords(declaration),
    capabilities.length === 0
      ? 'It has no capability.'
      : `It has ${capabilities.length === 1 ? 'the capability' : 'the capabilities'} ${capabilities.join(', ')}.`,
    ...operatorWords(declaration),
  ];
}

function networkWords({ network, listen, connect }: JailDeclaration): string[] {
  if (network === 'none') return ['It has no network.'];
  const ports = listen.map(({ port, protocol }) => `${port}/${protocol}`).join(', ');
  const reached =
    network === 'loopback'
      ? `Only this host reaches it${ports === '' ? '' : `, on ${ports}`}; it reaches nothing outside.`
      : ports === ''
        ? 'It has an address on the network; no port of it is open.'
        : `It has an address on the network, and is reached on ${ports}.`;
  if (network === 'loopback') return [reached];
  if (connect.length === 0) return [reached, 'It opens no connection.'];
  if (connect.some(({ kind }) => kind === 'any')) return [reached, 'It may connect to everything.'];
  return [reached, `It may connect to ${connect.map(ruleWords).join(', ')}.`];
}

function ruleWords(rule: ConnectRule): string {
  if (rule.kind === 'host') return `${rule.host} on ${rule.port}/${rule.protocol}`;
  return rule.kind === 'dns' ? 'DNS resolvers' : 'everything';
}

function mountWords({ filesystem }: JailDeclaration): string[] {
  return filesystem.map((mount) => {
    if (mount.kind === 'ro') return `It reads ${mount.hostPath} of the host, as ${mount.path}.`;
    if (mount.kind === 'tmp')
      return `It writes up to ${formatSize(mount.size)} to ${mount.path}, which is lost when it ends.`;
    const limit = mount.size === undefined ? 'without a limit' : `up to ${formatSize(mount.size)}`;
    return `It keeps data in ${mount.path}, ${limit}.`;
  });
}

function operatorWords({ settings, credentials, configuration, prepare }: JailDeclaration): string[] {
  const names = (items: readonly { name: string }[]): string => items.map(({ name }) => name).join(', ');
  return [
    ...(settings.length === 0 ? [] : [`An operator may set ${names(settings)}.`]),
    ...(credentials.length === 0 ? [] : [`An operator gives it the credentials ${names(credentials)}.`]),
    ...(configuration.length === 0 ? [] : [`An operator may replace ${configuration.join(', ')}.`]),
    ...(prepare === undefined ? [] : [`A new volume is prepared by ${formatArgv(prepare)}.`]),
  ];
}
