import type { Command } from 'commander';
import type { JailDetail } from '../../agent/api/jail-view.ts';
import { parseSize } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type OutputForm } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng set web uplink=eth0 address=192.0.2.10/24 gateway=192.0.2.1
  prodng set web network=lan
  prodng set web address=dhcp
  prodng set web memory=48M cpu=25 pids=20
  prodng set web order=10
  prodng set web setting.LOG_LEVEL=debug
  prodng set web observe=record
  prodng set web memory=

Without settings, a macvlan jail gets an address from the network in agent.json. An address is static or "dhcp".
Settings are stored in /etc/prodng/jails.d and take effect at the next start. Limits can be lowered freely, and raised
up to the maximum in agent.json. setting.NAME is a variable that the package declares in Jail-Settings. An empty value
removes a setting.`;

/** `prodng set` */
export function register(program: Command): void {
  program
    .command('set')
    .description("set a jail's network, address, limits or boot order")
    .argument('<jail>', 'name of the jail')
    .argument(
      '<setting...>',
      'NAME=VALUE: network, uplink, address, gateway, memory, cpu, pids, order, observe or setting.NAME',
    )
    .addOption(formatOption())
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(set);
}

async function set(name: string, settings: string[], { format }: { format: OutputForm }): Promise<void> {
  const pairs = settings.map(parseSetting);
  const isVariable = ([key]: readonly [string, unknown]) => key.startsWith(prefix);
  const variables = pairs
    .filter(isVariable)
    .map(([key, value]) => [key.slice(prefix.length), value] as const);
  const body = {
    ...Object.fromEntries(pairs.filter((pair) => !isVariable(pair))),
    ...(variables.length === 0 ? {} : { settings: Object.fromEntries(variables) }),
  };
  const client = await agentClient();
  const jail = (await client.call('PATCH', jailPath(name, '/overrides'), body)) as JailDetail;
  if (format === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else if (format === 'name') print(`${name}\n`);
  else print(`${name}: set; takes effect at the next start${how(name, jail)}\n`);
}

function how(name: string, { desired }: JailDetail): string {
  return desired === 'running' ? `: prodng restart ${name}` : '';
}

/** Of a variable of Jail-Settings. */
const prefix = 'setting.';

const numbers = new Set(['cpu', 'pids', 'order']);

function parseSetting(setting: string): [string, string | number | null] {
  const [key = '', value] = setting.split(/=(.*)/s, 2);
  if (value === undefined) throw new ProdngError('USAGE', `${setting}: expected NAME=VALUE, e.g. memory=48M`);
  if (value === '') return [key, null];
  if (key === 'memory') return [key, parseSize(value) ?? wrong(setting, 'invalid size; expected e.g. 48M')];
  if (!numbers.has(key)) return [key, value];
  const isNumber = key === 'cpu' ? /^\d{1,9}%?$/.test(value) : /^\d{1,9}$/.test(value);
  return [
    key,
    isNumber
      ? Number.parseInt(value, 10)
      : wrong(setting, key === 'cpu' ? 'invalid share; expected e.g. 25%' : 'invalid number'),
  ];
}

function wrong(setting: string, expected: string): never {
  throw new ProdngError('USAGE', `${setting}: ${expected}`);
}
