import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { AgentClient } from '../../agent/client.ts';
import type { Taken, TakeRequest } from '../../agent/evidence/evidence-schema.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { BundleVerdict } from '../../evidence/read/verify-bundle.ts';
import { prodngPaths } from '../../system/paths.ts';
import { agentClient } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { print } from '../terminal/print.ts';
import { collectValues, keysOf } from '../terminal/signing.ts';

interface TakeFlags {
  memory?: true;
  secrets?: true;
  reason?: string;
  yara?: string;
  output: string;
  maxBytes?: string;
  maxFrozen?: string;
  format: TextOrJson;
}

interface ReadFlags {
  keyring?: string[];
  events?: string;
}

const examples = `
Examples:
  prodng evidence take web --reason "unknown process" -o web.tar.zst
  prodng evidence take web --memory -o web.tar.zst
  prodng evidence verify web.tar.zst --keyring host.asc
  prodng evidence timeline web.tar.zst
  prodng evidence show web.tar.zst --format html > web.html

docs/evidence.md says what a bundle holds and how it is signed.`;

/** `prodng evidence` */
export function register(program: Command): void {
  const evidence = program
    .command('evidence')
    .description('take and check evidence of jails')
    .addHelpText('after', examples);
  evidence
    .command('take')
    .description('freeze a jail, collect what it is and does into a signed bundle, and thaw it')
    .argument('<jail>', 'its name')
    .requiredOption('-o, --output <file>', 'the bundle, a .tar.zst; an existing file is never replaced')
    .option('--memory', 'the memory of all processes too, as ELF cores')
    .option('--secrets', 'keep the values of environment variables')
    .option('--reason <text>', 'why it is taken; it is signed with the rest')
    .option('--yara <path>', 'match the rules of a file or folder with files, and with memory if it is taken')
    .option('--max-bytes <size>', 'stop collecting at so much, such as 2G (default: 8G)')
    .option('--max-frozen <time>', 'thaw the jail after that time at the latest (default: 60s)')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nWithout an agent it reads the files that the agent left, as root.\n\nExample:\n  prodng evidence take web -o web.tar.zst',
    )
    .action(take);
  const reading = (name: string, description: string) =>
    evidence
      .command(name)
      .description(description)
      .argument('<file>', 'a bundle')
      .option('--keyring <file>', 'keys to believe (default: those of prodng key list)', collectValues)
      .addHelpText('after', `\nExample:\n  prodng evidence ${name} web.tar.zst`);
  reading('verify', 'check the signature and every file of a bundle; no host and no network is needed')
    .option('--events <file>', 'and that this event log names the bundle, and the bundle it')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .action(verify);
  reading('timeline', 'list all that a bundle dates, in order')
    .addOption(formatOption(['text', 'json', 'body']))
    .addOption(jsonOption())
    .addHelpText('after', '\njson is one entry per line; body is a body file for mactime(1) and plaso.')
    .action(timeline);
  reading('show', 'report what a bundle holds')
    .addOption(formatOption(['text', 'html']))
    .action(show);
}

async function take(name: string, flags: TakeFlags, command: Command): Promise<void> {
  const { takeSchema } = await import('../../agent/evidence/evidence-schema.ts');
  const { parseDuration, parseSize } = await import('../../control/quantity.ts');
  const quantity = (
    option: string,
    text: string | undefined,
    parse: (text: string) => number | undefined,
  ) => {
    const value = text === undefined ? undefined : parse(text);
    if (text !== undefined && value === undefined)
      throw new ProdngError('USAGE', `${option}: "${text}" is none`);
    return value;
  };
  const parsed = takeSchema.safeParse({
    memory: flags.memory === true,
    secrets: flags.secrets === true,
    reason: flags.reason,
    yara: flags.yara === undefined ? undefined : resolve(flags.yara),
    maxBytes: quantity('--max-bytes', flags.maxBytes, parseSize),
    maxFrozen: quantity('--max-frozen', flags.maxFrozen, parseDuration),
  });
  if (!parsed.success)
    throw new ProdngError(
      'USAGE',
      parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
    );
  const taken = await takeAnyway(name, parsed.data, flags.output, command.parent?.parent?.version() ?? '');
  if (flags.format === 'json') return print(`${JSON.stringify({ ...taken, output: flags.output })}\n`);
  const { size, sha256, files, missing, froze, frozen, key, matches } = taken;
  print(`${flags.output}: ${files} files, ${size} bytes, ${missing} could not be collected\n`);
  print(
    frozen === undefined
      ? 'the jail does not run\n'
      : `frozen after ${froze} ms, thawed after ${frozen} ms\n`,
  );
  if (flags.yara !== undefined)
    print(matches === undefined ? 'the YARA scan failed\n' : `${matches} matches of YARA rules\n`);
  print(`SHA-256 ${sha256}\nsigned by ${key}\n`);
}

/** Through the agent, which keeps others from thawing the jail meanwhile; without it when there is none. */
async function takeAnyway(
  name: string,
  request: TakeRequest,
  output: string,
  prodng: string,
): Promise<Taken> {
  const { makeUnnamedFile } = await import('../../output/unnamed-file.ts');
  const file = makeUnnamedFile(output);
  try {
    const client = await agentClient();
    const taken = await takeByAgent(client, name, request);
    if (taken === undefined) return await takeAlone(name, request, output, prodng);
    const { downloadBundle } = await import('../../agent/evidence/download.ts');
    await downloadBundle(client, taken, { name: output, file });
    return taken;
  } finally {
    file.close();
  }
}

/** @returns undefined when no agent answers, and this process may do its work */
async function takeByAgent(
  client: AgentClient,
  name: string,
  request: TakeRequest,
): Promise<Taken | undefined> {
  const { takenSchema } = await import('../../agent/evidence/evidence-schema.ts');
  try {
    return takenSchema.parse(
      await client.call('POST', `/v1/jails/${encodeURIComponent(name)}/evidence`, request),
    );
  } catch (error) {
    if (error instanceof ProdngError && error.code === 'AGENT' && process.getuid?.() === 0) return undefined;
    throw error;
  }
}

async function takeAlone(name: string, request: TakeRequest, output: string, prodng: string): Promise<Taken> {
  const { takeWithoutAgent } = await import('../../agent/evidence/without-agent.ts');
  const { interruptible } = await import('../terminal/interruptible.ts');
  return interruptible((signal) =>
    takeWithoutAgent(name, request, output, { paths: prodngPaths(), prodng, signal }),
  );
}

async function read(
  file: string,
  { keyring }: ReadFlags,
  wanted?: (path: string) => boolean,
): Promise<BundleVerdict> {
  const { verifyBundle } = await import('../../evidence/read/verify-bundle.ts');
  const verdict = await verifyBundle(file, await keysOf(keyring), wanted);
  if (verdict.findings.length > 0) process.exitCode = 1;
  return verdict;
}

async function verify(file: string, flags: ReadFlags & { format: TextOrJson }): Promise<void> {
  const verdict = await read(file, flags);
  const { verifyEventsLink } = await import('../../agent/evidence/verify-events-link.ts');
  const linked = flags.events === undefined ? [] : await verifyEventsLink(verdict, flags.events);
  const findings = [...verdict.findings, ...linked];
  if (findings.length > 0) process.exitCode = 1;
  const { files, sha256, signer, statement } = verdict;
  if (flags.format === 'json') {
    print(
      `${JSON.stringify({ ok: findings.length === 0, file, files, sha256, signer, predicate: statement?.predicate, findings })}\n`,
    );
    return;
  }
  const { printable } = await import('../terminal/output.ts');
  for (const { path, message } of findings)
    print(printable(path === undefined ? message : `${path}: ${message}`).concat('\n'));
  if (findings.length > 0) return print(`${file}: NOT as it was signed\n`);
  const { jail = '', time = '', host } = statement?.predicate ?? {};
  print(
    `${files} files, all as signed by ${signer}\n${jail} on ${host?.name ?? ''}, ${time}, SHA-256 ${sha256}\n`,
  );
}

async function timeline(file: string, flags: ReadFlags & { format: TextOrJson | 'body' }): Promise<void> {
  const { isForTimeline, timelineOf } = await import('../../evidence/read/timeline.ts');
  const verdict = await read(file, flags, isForTimeline);
  await warn(file, verdict);
  const entries = timelineOf(verdict);
  if (flags.format === 'body') {
    const { bodyFile } = await import('../../evidence/read/body-file.ts');
    return print(bodyFile(entries));
  }
  const { printable } = await import('../terminal/output.ts');
  for (const entry of entries)
    print(
      flags.format === 'json'
        ? `${JSON.stringify(entry)}\n`
        : `${entry.time}  ${entry.source.padEnd(8)}  ${printable(entry.text)}\n`,
    );
}

async function show(file: string, flags: ReadFlags & { format: 'text' | 'html' }): Promise<void> {
  const { isForTimeline } = await import('../../evidence/read/timeline.ts');
  const { htmlReport, isForReport, textReport } = await import('../../evidence/read/report.ts');
  const verdict = await read(file, flags, (path) => isForTimeline(path) || isForReport(path));
  await warn(file, verdict);
  print(flags.format === 'html' ? htmlReport(verdict) : textReport(verdict));
}

/** A story from a bundle that is not as it was signed is told, with a warning. */
async function warn(file: string, { findings }: BundleVerdict): Promise<void> {
  if (findings.length === 0) return;
  const { standardError } = await import('../terminal/print.ts');
  standardError().write(`prodng: ${file}: not as it was signed: see prodng evidence verify\n`);
}
