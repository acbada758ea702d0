import type { Command } from 'commander';
import { durationSyntax, parseDuration, parseSize, sizeSyntax } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { PortForward } from '../../image/boot-image.ts';
import { prodngPaths } from '../../system/paths.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { interruptible } from '../terminal/interruptible.ts';
import { passphraseOption } from '../terminal/passphrase.ts';
import { print } from '../terminal/print.ts';
import { collectValues, type SigningOptions, signersOf } from '../terminal/signing.ts';
import { terminalProgress } from '../terminal/terminal-progress.ts';
import { registerDiff } from './image-diff.ts';

interface SourceOptions {
  sources?: string;
  format: TextOrJson;
}

const examples = `
Examples:
  prodng image new ./host
  prodng image lock ./host
  prodng image build ./host --output ./results

See docs/image.md.`;

const sourcesOption = [
  '--sources <file>',
  'the archives to use, as in sources.list(5), DEB822-STYLE FORMAT',
] as const;

/** `prodng image`: the base image of hosts. */
export function register(program: Command): void {
  const image = program
    .command('image')
    .description('make and check the base image of hosts')
    .addHelpText('after', examples);
  image
    .command('new')
    .description('make an image source')
    .argument('<dir>', 'the folder to make; its name is the name of the image')
    .addHelpText('after', '\nExample:\n  prodng image new ./host')
    .action(newSource);
  image
    .command('lock')
    .description('pin every input of an image source in image.lock')
    .argument('[dir]', 'the image source', '.')
    .option('--update', 'move forward to what the archives have now, and print what changed')
    .option(
      '--accept-release-info',
      'as --update, also from archives whose Origin, Label or Codename changed',
    )
    .option(...sourcesOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng image lock ./host --update')
    .action(lock);
  image
    .command('build')
    .description('build the slot image of an image source')
    .argument('[dir]', 'the image source', '.')
    .option('-o, --output <dir>', 'where the results go (default: the parent folder of the source)')
    .option(...sourcesOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng image build ./host --output ./results')
    .action(build);
  image
    .command('sign')
    .description('sign a slot image: its manifest for hosts, its UKI for Secure Boot')
    .argument('<slot>', 'the slot image')
    .option('--key <id>', 'sign the manifest with this key of the store (see prodng key)', collectValues)
    .option('--gpg <id>', 'sign the manifest with a key that gpg holds', collectValues)
    .option('--secure-boot-key <file>', 'sign the UKI for the firmware: the key, PEM')
    .option('--secure-boot-certificate <file>', 'its certificate, PEM')
    .option('-o, --output <file>', 'write the signed image here (default: in place)')
    .option(...passphraseOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng image sign host_1.0_amd64.slot --key release@example.org')
    .action(sign);
  image
    .command('strip-signature')
    .description('remove all signatures from a slot image')
    .argument('<slot>', 'the slot image')
    .option('-o, --output <file>', 'write the unsigned image here (default: in place)')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  prodng image strip-signature host_1.0_amd64.slot --output unsigned.slot',
    )
    .action(strip);
  image
    .command('verify')
    .description('check the parts of a slot image against its manifest, and who signed it')
    .argument('<slot>', 'the slot image, or the partition of a slot')
    .option('--keyring <file>', 'keys to believe; may be given again', collectValues)
    .option('--rebuild <dir>', 'build the image source again, and compare the bytes')
    .option(...sourcesOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng image verify host_1.0_amd64.slot --keyring release.asc')
    .action(verify);
  registerDiff(image);
  image
    .command('disk')
    .description('write a disk image with two slots, one of which has the image, and an empty data partition')
    .argument('<slot>', 'the slot image')
    .argument('<file>', 'the disk image to write')
    .option('--data <size>', 'size of the data partition, such as 256M or 2G', '256M')
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  prodng image disk host_1.0_amd64.slot host.disk --data 1G')
    .action(disk);
  image
    .command('boot')
    .description('boot an image under QEMU, with its console here')
    .argument('<image>', 'a disk image; or a slot image, not with --uefi: its /var is in memory')
    .option('--uefi', 'by the firmware (OVMF), as a machine does; else QEMU loads the kernel')
    .option(
      '--secure-boot',
      "with --uefi, enforce Secure Boot: by the keys in --variables, or Debian's public test key",
    )
    .option('--kvm', 'use the virtualisation of the processor (default: emulate it)')
    .option('--cpus <n>', 'virtual CPUs (default: 1, or 2 with --kvm)')
    .option('--memory <size>', 'of the machine', '512M')
    .option('--port <n>', 'a port of 127.0.0.1 that leads to the port of the agent, 1337')
    .option(
      '--forward <port=address:port>',
      'a port of 127.0.0.1 that leads to a jail of the machine, 10.0.2.0/24; may be given again',
      collectValues,
    )
    .option('--credential <name=file>', 'a credential for the machine; may be given again', collectValues)
    .option('--variables <file>', "keep the firmware's variables here (default: discard them)")
    .option('--keep', 'write to the image (default: discard what the machine writes)')
    .option('--append <words>', "append to the kernel's command line; not with --uefi, where it is fixed")
    .option('--timeout <time>', 'end the machine after that time, such as 2min')
    .addHelpText('after', '\nExample:\n  prodng image boot host_1.0_amd64.slot --port 1337 --timeout 2min')
    .action(boot);
}

interface SignArguments extends SigningOptions {
  format: TextOrJson;
  secureBootKey?: string;
  secureBootCertificate?: string;
  output?: string;
}

async function sign(slot: string, options: SignArguments): Promise<void> {
  const { signImage } = await import('../../image/sign-image.ts');
  const { secureBootKey: key, secureBootCertificate: certificate, output = slot } = options;
  if ((key === undefined) !== (certificate === undefined))
    throw new ProdngError('USAGE', '--secure-boot-key and --secure-boot-certificate belong together');
  const wantsManifest = key === undefined || options.key !== undefined || options.gpg !== undefined;
  const signers = wantsManifest ? await signersOf(options) : [];
  const secureBoot = key === undefined || certificate === undefined ? undefined : { key, certificate };
  const { sha256 } = await signImage(slot, output, signers, secureBoot);
  const who = [...signers.map(({ userId }) => userId), ...(key === undefined ? [] : ['Secure Boot'])];
  print(
    options.format === 'json'
      ? `${JSON.stringify({ path: output, sha256, signers: who }, undefined, 2)}\n`
      : `${output}: signed by ${who.join(', ')}; SHA-256 ${sha256}\n`,
  );
}

interface StripArguments {
  output?: string;
  format: TextOrJson;
}

async function strip(slot: string, { output = slot, format }: StripArguments): Promise<void> {
  const { stripImage } = await import('../../image/sign-image.ts');
  const { sha256 } = await stripImage(slot, output);
  print(
    format === 'json'
      ? `${JSON.stringify({ path: output, sha256 }, undefined, 2)}\n`
      : `${output}: no signatures; SHA-256 ${sha256}\n`,
  );
}

interface VerifyArguments extends SourceOptions {
  keyring?: string[];
  rebuild?: string;
}

async function verify(path: string, options: VerifyArguments): Promise<void> {
  const { openSlot } = await import('../../image/slot.ts');
  const { verifySlot } = await import('../../image/verify-slot.ts');
  const { readKeyring } = await import('../../sign/keyring.ts');
  const keyring = (await Promise.all((options.keyring ?? []).map((file) => readKeyring(file)))).flat();
  const slot = await openSlot(path);
  let checks: { name: string; result: string; message: string }[];
  try {
    checks = await verifySlot(slot, keyring);
  } finally {
    await slot.close();
  }
  // without keys nobody asked who signed
  if (options.keyring === undefined) checks = checks.filter(({ name }) => name !== 'signature');
  if (options.rebuild !== undefined) checks.push(await rebuild(path, options.rebuild, options.sources));
  const bad = checks.filter(
    ({ name, result }) => result === 'failed' || (name === 'signature' && result === 'absent'),
  );
  if (options.format === 'json')
    print(`${JSON.stringify({ passed: bad.length === 0, checks }, undefined, 2)}\n`);
  else print(checks.map(({ name, result, message }) => `${result.padEnd(7)} ${name}: ${message}\n`).join(''));
  process.exitCode = bad.length === 0 ? 0 : 1;
}

async function rebuild(path: string, dir: string, sources: string | undefined) {
  const { rebuildImage } = await import('../../image/rebuild-image.ts');
  return await interruptible(async (signal) =>
    rebuildImage(path, {
      dir,
      archives: await archivesOf(sources),
      paths: prodngPaths(),
      progress: terminalProgress(),
      signal,
    }),
  );
}

interface BootArguments {
  uefi?: true;
  secureBoot?: true;
  kvm?: true;
  cpus?: string;
  memory: string;
  port?: string;
  forward?: string[];
  credential?: string[];
  variables?: string;
  keep?: true;
  append?: string;
  timeout?: string;
}

async function boot(image: string, options: BootArguments): Promise<void> {
  const { bootImage } = await import('../../image/boot-image.ts');
  const { uefi, secureBoot, kvm, port, variables, keep, append, timeout } = options;
  const memory = sizeOf('--memory', options.memory);
  if (port !== undefined && !/^[1-9]\d{0,4}$/.test(port))
    throw new ProdngError('USAGE', `--port: "${port}" is no port`);
  const cpus = options.cpus ?? (kvm ? '2' : '1');
  if (!/^[1-9]\d?$/.test(cpus))
    throw new ProdngError('USAGE', `--cpus: "${cpus}" is not a number from 1 to 99`);
  if (secureBoot && !uefi) throw new ProdngError('USAGE', '--secure-boot: only with --uefi');
  if (uefi && append !== undefined)
    throw new ProdngError('USAGE', '--append: with --uefi the command line is part of the image');
  const time = timeout === undefined ? undefined : parseDuration(timeout);
  if (timeout !== undefined && time === undefined)
    throw new ProdngError('USAGE', `--timeout: "${timeout}" is not a time; allowed: ${durationSyntax}`);
  const { withTimeLimit } = await import('../../build/jail/time-limit.ts');
  const status = await interruptible((signal) =>
    bootImage({
      image,
      uefi: uefi ?? false,
      secureBoot: secureBoot ?? false,
      kvm: kvm ?? false,
      cpus: Number(cpus),
      memory: Math.ceil(memory / 2 ** 20),
      forwards: (options.forward ?? []).map(forwardOf),
      credentials: credentialsOf(options.credential ?? []),
      signal: withTimeLimit(signal, time) ?? signal,
      ...(port === undefined ? {} : { port: Number(port) }),
      ...(variables === undefined ? {} : { variables }),
      ...(keep === undefined ? {} : { keep }),
      ...(append === undefined ? {} : { append }),
    }),
  );
  process.exitCode = status === 0 ? 0 : 2;
}

function forwardOf(text: string): PortForward {
  const [, port, address, to] = /^(\d{1,5})=(10\.0\.2\.\d{1,3}):(\d{1,5})$/.exec(text) ?? [];
  const forward = { port: Number(port), address: address ?? '', to: Number(to) };
  const isPort = (number: number): boolean => number > 0 && number < 65_536;
  if (isPort(forward.port) && isPort(forward.to)) return forward;
  throw new ProdngError('USAGE', `--forward: "${text}" is not PORT=10.0.2.N:PORT`);
}

function credentialsOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, file] = /^([A-Za-z0-9_.-]+)=(.+)$/.exec(text) ?? [];
      if (name !== undefined && file !== undefined) return [name, file];
      throw new ProdngError('USAGE', `--credential: "${text}" is not NAME=FILE`);
    }),
  );
}

interface DiskArguments {
  data: string;
  format: TextOrJson;
}

async function disk(slot: string, file: string, { data, format }: DiskArguments): Promise<void> {
  const { writeDiskImage } = await import('../../image/disk-image.ts');
  const dataSize = sizeOf('--data', data);
  if (dataSize % 2 ** 20 !== 0 || dataSize < 2 ** 24)
    throw new ProdngError('USAGE', `--data: ${data}: whole mebibytes are allowed, from 16M on`);
  const { size } = await writeDiskImage(slot, file, dataSize);
  print(
    format === 'json'
      ? `${JSON.stringify({ path: file, size }, undefined, 2)}\n`
      : `${file}: ${size} bytes\n`,
  );
}

function sizeOf(option: string, text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw new ProdngError('USAGE', `${option}: "${text}" is not a size; allowed: ${sizeSyntax}`);
}

async function newSource(dir: string): Promise<void> {
  const { newImage } = await import('../../image/new-image.ts');
  const name = await newImage(dir);
  print(`${dir}: the source of the image ${name}\nNext:\n  prodng image lock ${dir}\n`);
}

async function lock(
  dir: string,
  { update, acceptReleaseInfo, sources, format }: SourceOptions & { update?: true; acceptReleaseInfo?: true },
): Promise<void> {
  const { readImageSource } = await import('../../image/image-source.ts');
  const { lockImage } = await import('../../image/lock-image.ts');
  const { packagesFor } = await import('../../lock/lock.ts');
  const { formatChange } = await import('../../lock/lock-changes.ts');
  const outcome = await lockImage(dir, readImageSource(dir), {
    archives: await archivesOf(sources),
    architecture: 'amd64',
    paths: prodngPaths(),
    progress: terminalProgress(),
    ...(update === undefined ? {} : { update }),
    ...(acceptReleaseInfo === undefined ? {} : { acceptReleaseInfo }),
  });
  const counts = {
    buildRoot: packagesFor(outcome.lock, 'build').length,
    image: packagesFor(outcome.lock, 'rootfs').length,
  };
  const { path, written, changes } = outcome;
  if (format === 'json')
    return print(`${JSON.stringify({ path, written, ...counts, changes }, undefined, 2)}\n`);
  const shown =
    written && (update || acceptReleaseInfo)
      ? changes.map((change) => `${formatChange(change)}\n`).join('')
      : '';
  const what = written ? 'written' : 'up to date';
  print(
    `${shown}${path}: ${what}; ${counts.image} packages in the image, ${counts.buildRoot} in the build root\n`,
  );
}

async function build(
  dir: string,
  { output, sources, format }: SourceOptions & { output?: string },
): Promise<void> {
  const { buildImage } = await import('../../image/build-image.ts');
  const builder = process.env.PRODNG_BUILDER_ID;
  const result = await interruptible(async (signal) =>
    buildImage({
      dir,
      archives: await archivesOf(sources),
      paths: prodngPaths(),
      progress: terminalProgress(),
      signal,
      ...(output === undefined ? {} : { output }),
      ...(builder === undefined ? {} : { builder }),
    }),
  );
  const { path, size, sha256, manifest } = result;
  if (format === 'json') return print(`${JSON.stringify(result, undefined, 2)}\n`);
  const lines = [
    `${path}: ${size} bytes of a slot of ${manifest.slotSize}`,
    `  SHA-256    ${sha256}`,
    `  root hash  ${manifest.root.hash}`,
    `  root       ${(manifest.root.dataBlocks + manifest.root.hashBlocks) * 4096} bytes, ${manifest.root.files} files of ${manifest.root.bytes} bytes`,
    `  UKI        ${manifest.uki.size} bytes, its initrd ${manifest.initrd.size}`,
    `  kernel     ${manifest.kernel.release} (${manifest.kernel.version})`,
  ];
  print(`${lines.join('\n')}\n`);
}

async function archivesOf(sources: string | undefined) {
  const { loadArchives } = await import('../../store/archive-config.ts');
  return await loadArchives({
    architecture: 'amd64',
    env: process.env,
    ...(sources === undefined ? {} : { sourcesFile: sources }),
  });
}
