import { openSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { BuildLimits } from '../../build/jail/build-limits.ts';
import { durationSyntax, parseDuration, parseSize, sizeSyntax } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { prodngPaths } from '../../system/paths.ts';
import { changedModeLines } from '../terminal/changed-modes.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { passphraseOption } from '../terminal/passphrase.ts';
import { print } from '../terminal/print.ts';
import { collectValues, type SigningOptions, signersOf } from '../terminal/signing.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';

interface BuildCommandOptions extends SigningOptions {
  sign?: true;
  output?: string;
  locked: boolean;
  plain?: true;
  fromVendor?: string;
  sources?: string;
  shellOnFailure?: true;
  timeout?: string;
  scratch?: string;
  memory?: string;
  cpu?: string;
  pids?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng build
  prodng build ./hello --output ./results
  prodng build --locked --json
  prodng build --locked --sign --key release@example.org
  prodng build --shell-on-failure
  prodng build --from-vendor ./hello_0.1.0_vendor ./hello
  prodng build --plain ./hello_2.10-3.dsc --output ./results

Results: the .deb, the build log, .buildinfo, .changes, the SBOM (.cdx.json) and the provenance (.provenance.json; if
signed, .intoto.jsonl). PRODNG_BUILDER_ID sets the builder's URI in the provenance. The build sees only the packages in
debian/jail.lock: no network and no file of this host. With --plain, any Debian source package is built unchanged; the
lock of a .dsc is NAME_VERSION.lock in the same folder.`;

export function register(program: Command): void {
  program
    .command('build')
    .description('build a jail source into its .deb, in a throwaway jail')
    .argument('[dir]', 'the jail source; with --plain, any Debian source package or its .dsc', '.')
    .option('-o, --output <dir>', 'folder for the results (default: the parent folder of the source)')
    .addOption(
      new Option(
        '--locked',
        'fail if debian/jail.lock does not cover the source, instead of updating it',
      ).default(defaultLocked(), 'where CI is set'),
    )
    .option('--no-locked', 'update the lock if needed, even if CI is set')
    .option('--plain', 'build an ordinary Debian source package; compose no jail')
    .option('--from-vendor <folder>', 'use only the inputs that prodng vendor copied there')
    .option('--sources <file>', 'package archives, in the DEB822 format of sources.list(5)')
    .option('--shell-on-failure', 'if the build fails, open a shell in the build jail')
    .option('--timeout <time>', 'abort the build after TIME, e.g. 30min')
    .option('--scratch <size>', 'disk space for the build, e.g. 8G (default: half the memory)')
    .option(
      '--memory <size>',
      'memory for the build, its disk space included (root only; default: 3/4 of it)',
    )
    .option('--cpu <percent>', 'CPU for the build, 100 is one CPU (root only; default: all)')
    .option('--pids <n>', 'processes for the build (default: 4096)')
    .option('--sign', 'sign the .deb and the files published with it')
    .option('--key <id>', 'sign with this key (see prodng key list); repeatable', collectValues)
    .option('--gpg <id>', 'sign with this gpg key, e.g. on a token; repeatable', collectValues)
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(build);
}

/** Most CI systems set CI. A build there must not change the lock: the change would not have been reviewed. */
function defaultLocked(): boolean {
  return !['', '0', 'false'].includes(process.env.CI ?? '');
}

async function build(dir: string, options: BuildCommandOptions): Promise<void> {
  const { loadArchives } = await import('../../store/archive-config.ts');
  const { hostArchitecture } = await import('../../system/architecture.ts');
  const { sources, output, shellOnFailure, timeout, scratch } = options;
  const offline = options.fromVendor !== undefined;
  const configured = async () =>
    await loadArchives({
      architecture: hostArchitecture(),
      env: process.env,
      ...(sources === undefined ? {} : { sourcesFile: sources }),
    });
  const common = {
    dir,
    locked: offline || options.locked,
    archives: offline ? [] : await configured(),
    paths: prodngPaths(),
    progress: terminalProgress(),
    ...(output === undefined ? {} : { output }),
    ...(shellOnFailure === undefined ? {} : { shellOnFailure: terminal() }),
    ...(timeout === undefined ? {} : { timeout: milliseconds(timeout) }),
    ...(scratch === undefined ? {} : { scratch: bytes('--scratch', scratch) }),
    ...(await limitsOf(options)),
  };
  await vendored(dir, options);
  if (options.plain) {
    if (wantsSignature(options))
      throw new ProdngError('USAGE', '--plain does not sign', { hint: 'use prodng sign on what it built' });
    const { buildPlain } = await import('../../build/build-plain.ts');
    const result = await interruptible((signal) => buildPlain({ ...common, signal }));
    report(options, result, result.files.join('\n'));
    return;
  }
  const { buildSource } = await import('../../build/build-source.ts');
  const result = await interruptible(async (signal) => {
    // passphrases are asked for before a long build, not after it
    const signers = wantsSignature(options) ? await signersOf(options, signal) : [];
    const built = await buildSource({ ...common, ...builderOf(process.env), signal });
    if (signers.length === 0) return built;
    const { signBuild } = await import('../../sign/sign-build.ts');
    return { ...built, signed: await signBuild(built.path, built.evidence, signers) };
  });
  const size = `${(result.size / 1e6).toFixed(1)} MB`;
  const lines = [`${result.path}: ${size}, SHA-256 ${result.sha256}${'signed' in result ? ' unsigned' : ''}`];
  if ('signed' in result)
    for (const { member, userId } of result.signed.signatures) lines.push(`  ${member}: signed by ${userId}`);
  for (const other of result.others) lines.push(`${other}: not a jail; as the source built it`);
  lines.push(...changedModeLines(result.changedModes));
  report(options, result, lines.join('\n'));
}

async function vendored(dir: string, { fromVendor, plain }: BuildCommandOptions): Promise<void> {
  if (fromVendor === undefined) return;
  const { useVendorFolder } = await import('../../build/vendor/from-vendor.ts');
  const common = { dir, plain: plain === true, paths: prodngPaths(), progress: terminalProgress() };
  await interruptible((signal) => useVendorFolder({ ...common, folder: fromVendor, signal }));
}

function wantsSignature({ sign, key = [], gpg = [] }: BuildCommandOptions): boolean {
  return sign === true || key.length > 0 || gpg.length > 0;
}

function builderOf({ PRODNG_BUILDER_ID: builder = '' }: NodeJS.ProcessEnv): { builder?: string } {
  if (builder === '') return {};
  if (URL.canParse(builder)) return { builder };
  throw new ProdngError('CONFIG', `PRODNG_BUILDER_ID: not a URI: ${builder}`);
}

function report({ format }: BuildCommandOptions, result: object, text: string): void {
  print(`${format === 'json' ? JSON.stringify(result, undefined, 2) : text}\n`);
}

function terminal(): number {
  try {
    return openSync('/dev/tty', 'r+');
  } catch (cause) {
    throw new ProdngError('USAGE', '--shell-on-failure needs a terminal', { cause });
  }
}

function milliseconds(text: string): number {
  const value = parseDuration(text);
  if (value !== undefined && value > 0) return value;
  throw new ProdngError('USAGE', `--timeout ${text}: not ${durationSyntax}`);
}

/** Without root there is no control group: what only it can limit is refused rather than left out. */
async function limitsOf({ memory, cpu, pids }: BuildCommandOptions): Promise<{ limits?: BuildLimits }> {
  if (memory === undefined && cpu === undefined && pids === undefined) return {};
  if ((memory !== undefined || cpu !== undefined) && process.getuid?.() !== 0)
    throw new ProdngError('HOST_LACKS', '--memory and --cpu need a control group, which only root can make', {
      hint: 'run the build as root, or in: systemd-run --user --scope -p MemoryMax=4G prodng build',
    });
  const { defaultLimits } = await import('../../build/jail/build-limits.ts');
  const limits = {
    ...defaultLimits(),
    ...(memory === undefined ? {} : { memory: bytes('--memory', memory) }),
    ...(cpu === undefined ? {} : { cpu: count('--cpu', cpu) }),
    ...(pids === undefined ? {} : { pids: count('--pids', pids) }),
  };
  return { limits };
}

function count(option: string, text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new ProdngError('USAGE', `${option} ${text}: not a whole number from 1 to 999999`);
}

function bytes(option: string, text: string): number {
  const value = parseSize(text);
  if (value !== undefined && value > 0) return value;
  throw new ProdngError('USAGE', `${option} ${text}: not ${sizeSyntax}`);
}
