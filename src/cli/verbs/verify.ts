import { type Command, InvalidArgumentError } from 'commander';
import { durationSyntax, parseDuration } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type CheckId, checkIds } from '../../verify/checks/check.ts';
import type { Trust } from '../../verify/checks/check-signature.ts';
import { parseVariations, type VariationName, variationNames } from '../../verify/rebuild/variation-names.ts';
import type { Verification, VerifyOptions } from '../../verify/verify.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { isTerminal, print } from '../terminal/print.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface VerifyArguments {
  policy?: string;
  keyring?: string[];
  require?: CheckId[];
  sources?: string;
  offline?: true;
  rebuild?: true;
  source?: string;
  vary?: VariationName[];
  diffoscope?: true;
  timeout?: string;
  json?: true;
}

const examples = `
Examples:
  prodng verify hello_1.0_amd64.deb
  prodng verify hello_1.0_amd64.deb --policy signers.json
  prodng verify hello_1.0_amd64.deb --keyring release.asc --require signature,provenance
  prodng verify hello_1.0_amd64.deb --rebuild --source ./hello
  prodng verify hello_1.0_amd64.deb --rebuild --source ./hello --vary all,-clock

The clock is varied with libfaketime (package faketime), the order of directories with disorderfs, which needs FUSE. A
variation that this host cannot make is named as not possible here.

A check that is not possible here is no pass: --require makes it a failure.

Exit status: 0 nothing failed, 1 a check failed or none passed, 2 it could not be tried.`;

export function register(program: Command): void {
  program
    .command('verify')
    .description('check a .deb: structure, contents, lock, signatures and what stands beside it')
    .argument('<file>', 'the .deb')
    .option('--policy <file>', 'who must have signed it: a JSON file, see docs')
    .option('--keyring <file>', 'keys to believe, any one of them; may be given again', collectFiles)
    .option('--require <checks>', 'checks that must pass, by name, with commas between', parseChecks)
    .option(
      '--sources <file>',
      'archives to fetch locked packages from, as in sources.list(5), DEB822-STYLE FORMAT',
    )
    .option(
      '--rebuild',
      'build it again from --source and the lock inside, under variation, and compare the bytes',
    )
    .option('--source <path>', 'the source of the .deb: a folder, or the .dsc of an ordinary package')
    .option(
      '--vary <names>',
      `what to vary: all, or names with + or -, such as all,-clock; ${variationNames.join(', ')}`,
      parseVary,
    )
    .option('--diffoscope', 'let diffoscope say what differs, too')
    .option('--timeout <time>', 'end each build after that time, such as 30min')
    .option('--offline', 'fetch nothing: what is not in the store cannot be compared')
    .option('--json', 'report as JSON')
    .addHelpText('after', examples)
    .action(verify);
}

function collectFiles(file: string, before: string[] = []): string[] {
  return [...before, file];
}

const known: readonly string[] = checkIds;

function parseChecks(text: string): CheckId[] {
  const names = text.split(',').map((name) => name.trim());
  const checks = names.filter((name): name is CheckId => known.includes(name));
  if (checks.length === names.length) return checks;
  throw new InvalidArgumentError(`allowed: ${known.join(', ')}`);
}

function parseVary(text: string): VariationName[] {
  const names = parseVariations(text);
  if (!('fault' in names)) return names;
  throw new InvalidArgumentError(`"${names.fault}"; allowed: all, ${variationNames.join(', ')}`);
}

async function verify(file: string, options: VerifyArguments): Promise<void> {
  const { verificationStatus, verifyDeb } = await import('../../verify/verify.ts');
  const { prodngPaths } = await import('../../system/paths.ts');
  const verification = await interruptible(async (signal) => {
    const trust = await readTrust(options);
    return await verifyDeb(file, {
      paths: prodngPaths(),
      archives: await readArchives(options),
      progress: terminalProgress(),
      signal,
      ...(trust === undefined ? {} : { trust }),
      ...rebuildOptions(options),
    });
  });
  const status = verificationStatus(verification.checks, options.require);
  if (options.json) print(`${JSON.stringify({ passed: status === 0, ...verification }, undefined, 2)}\n`);
  else await printTable(verification, status, options.require ?? []);
  process.exitCode = status;
}

async function readTrust({ policy: file, keyring = [] }: VerifyArguments): Promise<Trust | undefined> {
  if (file === undefined && keyring.length === 0) return undefined;
  const { readKeyring } = await import('../../sign/keyring.ts');
  const keys = (await Promise.all(keyring.map((each) => readKeyring(each)))).flat();
  if (file === undefined) return { keyring: keys };
  const { readSignaturePolicy } = await import('../../sign/signature-policy.ts');
  const policy = await readSignaturePolicy(file);
  return { keyring: [...policy.keyring, ...keys], policy };
}

async function readArchives({ offline, sources }: VerifyArguments) {
  if (offline) return [];
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { hostArchitecture } = await import('../../system/architecture.ts');
  return await loadArchives({
    architecture: hostArchitecture(),
    env: process.env,
    ...(sources === undefined ? {} : { sourcesFile: sources }),
  });
}

async function printTable(
  { checks, rebuild }: Verification,
  status: number,
  required: readonly CheckId[],
): Promise<void> {
  const { verificationText } = await import('../../verify/checks/verification-text.ts');
  const isColored = isTerminal() && process.env.NO_COLOR === undefined;
  print(verificationText(checks, status === 0, required, isColored));
  if (rebuild === undefined) return;
  const { rebuildText } = await import('../../verify/rebuild/rebuild-text.ts');
  print(rebuildText(rebuild, isColored));
}

function rebuildOptions({
  rebuild,
  source,
  vary,
  diffoscope,
  timeout,
}: VerifyArguments): Pick<VerifyOptions, 'rebuild'> {
  if (rebuild === undefined) return {};
  if (source === undefined)
    throw new ProdngError('USAGE', '--rebuild: --source is missing', {
      hint: 'name the folder of the source',
    });
  const time = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && time === undefined)
    throw new ProdngError('USAGE', `--timeout: "${timeout}" is not a time; allowed: ${durationSyntax}`);
  return {
    rebuild: {
      source,
      diffoscope: diffoscope ?? false,
      ...(vary === undefined ? {} : { variations: vary }),
      ...(time === undefined ? {} : { timeout: time }),
    },
  };
}
