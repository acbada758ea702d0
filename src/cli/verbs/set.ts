import type { Command } from 'commander';
import { parseSize } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentClient, jailPath } from '../terminal/agent-client.ts';
import { type OutputFormat, outputOption } from '../terminal/output.ts';
import { print } from '../terminal/print.ts';

const examples = `
Examples:
  prodng set web uplink=eth0 address=192.0.2.10/24 gateway=192.0.2.1
  prodng set web network=lan
  prodng set web address=dhcp
  prodng set web memory=48M cpu=25 pids=20
  prodng set web order=10
  prodng set web memory=

A macvlan jail with nothing set gets an address of the network that agent.json names. An address is static, or dhcp.
It holds from the next start, and stands in /etc/prodng/jails.d. Limits may be lowered freely, and raised as far as
the host's agent.json lets them. An empty value takes a setting back.`;

/** `prodng set` */
export function register(program: Command): void {
  program
    .command('set')
    .description("set a jail's uplink, address, limits or place at boot")
    .argument('<jail>', 'its name')
    .argument(
      '<setting...>',
      'network, uplink, address, gateway, memory, cpu, pids or order, each with =VALUE',
    )
    .addOption(outputOption())
    .addHelpText('after', examples)
    .action(set);
}

async function set(name: string, settings: string[], { output }: { output: OutputFormat }): Promise<void> {
  const body = Object.fromEntries(settings.map(parseSetting));
  const client = await agentClient();
  const jail = await client.call('PATCH', jailPath(name, '/overrides'), body);
  if (output === 'json') print(`${JSON.stringify(jail, undefined, 2)}\n`);
  else if (output === 'name') print(`${name}\n`);
  else print(`${name}: set; it holds from the next start: prodng restart ${name}\n`);
}

const numbers = new Set(['cpu', 'pids', 'order']);

function parseSetting(setting: string): [string, string | number | null] {
  const [key = '', value] = setting.split(/=(.*)/s, 2);
  if (value === undefined)
    throw new ProdngError('USAGE', `${setting}: write SETTING=VALUE, such as memory=48M`);
  if (value === '') return [key, null];
  if (key === 'memory') return [key, parseSize(value) ?? wrong(setting, 'a size, such as 48M')];
  if (!numbers.has(key)) return [key, value];
  const isNumber = key === 'cpu' ? /^\d{1,9}%?$/.test(value) : /^\d{1,9}$/.test(value);
  return [
    key,
    isNumber ? Number.parseInt(value, 10) : wrong(setting, key === 'cpu' ? 'such as 25%' : 'a number'),
  ];
}

function wrong(setting: string, expected: string): never {
  throw new ProdngError('USAGE', `${setting}: what is wanted is ${expected}`);
}
