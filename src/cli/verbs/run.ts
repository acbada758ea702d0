import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import type { PublishRequest, RunJailOptions, RunReport } from '../../jail/lifecycle/run-options.ts';
import type { Uplink } from '../../jail/network/network.ts';
import { isTerminal } from '../../kernel/terminal.ts';
import type { RecordOptions } from '../../observe/run-recorded.ts';
import { prodngPaths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import { readRegularFile } from '../../system/regular-file.ts';
import { print, standardError } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface RunFlags {
  publish: PublishRequest[];
  setting: Record<string, string>;
  credential: Record<string, string>;
  configuration: Record<string, string>;
  interactive?: true;
  tty?: true;
  shell?: true;
  printSpec?: true;
  uplink?: string;
  address?: string;
  gateway?: string;
  name?: string;
  runtime?: string;
  record?: string;
  policy?: string;
  verbose?: true;
}

const examples = `
Examples:
  prodng run hello_1.0-1_amd64.deb --publish 8080:8080
  prodng run hello.deb --uplink eth0 --address 192.0.2.10/24 --gateway 192.0.2.1
  prodng run hello.deb --uplink eth0 --address dhcp
  prodng run hello.deb --shell
  prodng run hello.deb --record hello.profile
  prodng run hello.deb -- /usr/bin/env

The exit status is that of the service; 128 + N if signal N ended it; 2, with the reason on standard error, if the jail
was not started. The service reads /dev/null unless -i or --shell is given. Ctrl-C and SIGTERM stop the service as Jail-Stop declares; a second one kills it. The kernel does not
let a host reach its own macvlan jails; use --publish.`;

/** `prodng run`: runs a jail in the foreground. */
export function register(program: Command): void {
  program
    .command('run')
    .description('run a jail in the foreground, as root')
    .argument('<file.deb>', "the jail's package")
    .argument('[argv...]', 'program and arguments to run instead of the service, after --')
    .option(
      '--publish <[address:]port:jailport>',
      'forward a host port to a jail port; repeatable',
      publishOption,
      [],
    )
    .option('--setting <name=value>', 'value of a Jail-Settings variable; repeatable', pairOption, {})
    .option('--credential <name=file>', 'file with a Jail-Credentials secret; repeatable', pairOption, {})
    .option(
      '--configuration <path=file>',
      'host file for a Jail-Configuration path; repeatable',
      pairOption,
      {},
    )
    .option('-i, --interactive', 'pass standard input to the jail, or join it with the terminal')
    .option('-t, --tty', 'with -i: fail unless prodng runs on a terminal')
    .option('--shell', 'run a shell in the jail instead of its service')
    .option('--print-spec', 'print the OCI configuration and exit')
    .option('--uplink <link>', 'host interface for a macvlan jail')
    .option('--address <cidr>', 'address of a macvlan jail, or dhcp')
    .option('--gateway <address>', 'default gateway of a macvlan jail')
    .option(
      '--name <name>',
      'name of this run; each name has its own volumes (default: the package)',
      nameOption,
    )
    .option('--policy <file>', 'act on what the jail does as a policy says')
    .option('--record <file>', 'write a profile of what the jail did, as the kernel counted it')
    .option('--runtime <path>', 'OCI runtime (default: crun, or runc where crun does not work)')
    .option('--verbose', 'report what is in force even if standard error is not a terminal')
    .addHelpText('after', examples)
    .action(run);
}

async function run(deb: string, argv: string[], flags: RunFlags): Promise<void> {
  if (process.getuid?.() !== 0)
    throw new ProdngError(
      'HOST_LACKS',
      'run: must be run as root, to set up user ids and network namespaces',
      {
        hint: 'sudo prodng run ...',
      },
    );
  const { runJail, jailSpec } = await import('../../jail/lifecycle/run-jail.ts');
  const options = runOptions(deb, argv, flags);
  if (flags.printSpec === true) {
    print(`${JSON.stringify(await jailSpec(options), undefined, 2)}\n`);
    return;
  }
  const told = { ...options, ...stopSignals(), onReady: summaryTeller(flags) };
  if (flags.record === undefined && flags.policy === undefined) {
    process.exitCode = await runJail(told);
    return;
  }
  const { runRecorded } = await import('../../observe/run-recorded.ts');
  process.exitCode = await runRecorded(told, {
    ...(flags.record === undefined ? {} : { file: flags.record }),
    ...(flags.policy === undefined ? {} : await underPolicy(flags.policy)),
  });
}

/** The rules of a policy, and what tells of violations. @throws ProdngError POLICY when one cannot be put in force */
async function underPolicy(file: string): Promise<Pick<RecordOptions, 'rules' | 'admit' | 'onViolations'>> {
  const { readPolicyFile } = await import('../../policy/parse-policy.ts');
  const { assertEnforceable } = await import('../../policy/enforceable.ts');
  const { combine } = await import('../../policy/combine.ts');
  const { kernelRules } = await import('../../policy/kernel-rules.ts');
  const { violationText } = await import('../../policy/violation-text.ts');
  const { appliesTo } = await import('../../policy/policy.ts');
  const policy = readPolicyFile(file);
  assertEnforceable(policy, { bpf: true, agent: false });
  const acting = combine([policy]);
  return {
    rules: kernelRules(acting),
    admit(jail) {
      if (!appliesTo(policy, jail))
        throw new ProdngError('POLICY', `${file}: policy ${policy.name} does not apply to the jail ${jail}`, {
          hint: `its Jails field is: ${policy.jails.join(' ')}`,
        });
    },
    onViolations(violations) {
      for (const violation of violations)
        standardError().write(`policy ${policy.name}: ${violationText(acting, violation)}\n`);
    },
  };
}

/** Tells what is in force, where somebody reads it. */
function summaryTeller({ verbose }: RunFlags): (report: RunReport) => Promise<void> {
  const tell = verbose === true || isTerminal(2);
  return async (report) => {
    if (!tell) return;
    const { runSummary } = await import('../../jail/lifecycle/run-summary.ts');
    standardError().write(`${runSummary(report).join('\n')}\n`);
  };
}

function runOptions(deb: string, argv: string[], flags: RunFlags): RunJailOptions {
  const { shell, name, runtime, publish, setting, credential, configuration } = flags;
  if (shell === true && argv.length > 0)
    throw new ProdngError('USAGE', '--shell cannot be combined with a command');
  const uplink = uplinkOf(flags);
  return {
    deb,
    paths: prodngPaths(),
    publish,
    settings: setting,
    credentials: readCredentials(credential),
    configuration: absolute(configuration),
    progress: lateProgress(),
    ...(argv.length === 0 ? {} : { argv }),
    ...(shell === true ? { shell } : {}),
    ...(shell === true || flags.interactive === true ? ownInput(flags.tty === true) : {}),
    ...(uplink === undefined ? {} : { uplink }),
    ...(name === undefined ? {} : { name }),
    ...(runtime === undefined ? {} : { runtime }),
  };
}

/** `NAME=VALUE`; the value may hold further `=`. */
function pairOption(text: string, before: Record<string, string>): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('expected NAME=VALUE');
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice`);
  return { ...before, [name]: value };
}

function readCredentials(files: Readonly<Record<string, string>>): Record<string, Uint8Array> {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]) => {
      const bytes = readRegularFile(file);
      if (bytes !== undefined) return [name, bytes] as const;
      throw new ProdngError('IO', `--credential ${name}: ${file}: no such file`);
    }),
  );
}

function absolute(files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, file]) => [path, resolve(file)]));
}

/** The jail gets a terminal of its own, joined with ours, where we have one. */
function ownInput(needsTerminal: boolean): Pick<RunJailOptions, 'terminal' | 'input'> {
  const { stdin: input, stdout: output } = process;
  if (input.isTTY && output.isTTY) return { terminal: { input, output } };
  if (!needsTerminal) return { input };
  throw new ProdngError('USAGE', 'run: --tty: standard input or output is not a terminal', {
    hint: 'omit --tty, or run prodng on a terminal',
  });
}

/** Node loads all of its sockets to say what standard error is: not before there is something to tell. */
function lateProgress(): Progress {
  let made: Progress | undefined;
  const progress = () => (made ??= terminalProgress());
  return {
    step: (name) => progress().step(name),
    advance: (...now) => progress().advance(...now),
    note: (text) => progress().note(text),
  };
}

function uplinkOf({ uplink, address, gateway }: RunFlags): Uplink | undefined {
  if (uplink === undefined && address === undefined && gateway === undefined) return undefined;
  if (uplink === undefined || address === undefined)
    throw new ProdngError('USAGE', '--uplink and --address must be used together', {
      hint: 'for example: --uplink eth0 --address 192.0.2.10/24 --gateway 192.0.2.1',
    });
  if (address === 'dhcp' && gateway !== undefined)
    throw new ProdngError('USAGE', '--gateway requires a static address; with dhcp the server sets it');
  return { link: uplink, address, ...(gateway === undefined ? {} : { gateway }) };
}

/** The first signal stops the service in good order, the second kills it. */
function stopSignals(): { stop: AbortSignal; kill: AbortSignal } {
  const [stop, kill] = [new AbortController(), new AbortController()];
  const onSignal = () => (stop.signal.aborted ? kill : stop).abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return { stop: stop.signal, kill: kill.signal };
}

function publishOption(text: string, previous: PublishRequest[]): PublishRequest[] {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:]+):)?(\d{1,5}):(\d{1,5})$/.exec(text);
  const [hostPort, jailPort] = [Number(match?.[2]), Number(match?.[3])];
  if (match === null || hostPort > 65_535 || jailPort > 65_535 || jailPort < 1)
    throw new InvalidArgumentError('expected [ADDRESS:]PORT:JAILPORT, e.g. 8080:80 or 127.0.0.2:8080:80');
  const hostAddress = match[1]?.replace(/^\[|\]$/g, '');
  return [...previous, { hostPort, jailPort, ...(hostAddress === undefined ? {} : { hostAddress }) }];
}

function nameOption(text: string): string {
  if (/^[a-z0-9][a-z0-9+.-]{1,62}$/.test(text)) return text;
  throw new InvalidArgumentError(
    'invalid name: 2 to 63 characters of a-z, 0-9, +, - and ., starting with a letter or digit',
  );
}
