import { spawn } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { writeOutput } from '../output/write-output.ts';
import { plainEnvironment } from '../system/process.ts';
import { openSlot } from './slot.ts';
import { withTemporaryFolder } from './temporary-folder.ts';
import { ukiContents } from './uki.ts';

/** A port of the host that leads to an address of the machine's network, 10.0.2.0/24. */
export interface PortForward {
  port: number;
  address: string;
  to: number;
}

export interface BootOptions {
  /** A disk image, of which the first slot is booted; or, without `uefi`, a slot image, whose /var is in memory. */
  image: string;
  /** By the firmware, as a machine does; else QEMU loads the kernel itself, which is faster. */
  uefi: boolean;
  /** With `uefi`: enforce Secure Boot; the keys are in `variables`, Debian's public test keys in fresh ones. */
  secureBoot?: boolean;
  /** Use the processor's virtualisation; else every instruction is emulated, which works everywhere. */
  kvm: boolean;
  /** Virtual CPUs. */
  cpus: number;
  /** MiB. */
  memory: number;
  /** The host's port on 127.0.0.1 that leads to the agent's 1337. */
  port?: number;
  /** More ports of the host on 127.0.0.1, each with the machine's address and port that it leads to. */
  forwards?: readonly PortForward[];
  /** Files that the machine finds as credentials, by name. */
  credentials?: Readonly<Record<string, string>>;
  /** The variables of the firmware, kept from boot to boot (default: fresh ones, discarded). */
  variables?: string;
  /** Writes go to the image (default: to a discarded layer). */
  keep?: boolean;
  /** Appended to the command line; only without `uefi`, whose command line is fixed. */
  append?: string;
  signal?: AbortSignal;
}

/** Of Debian's package ovmf. The second one's variables trust a test key that everyone has, PkKek-1-snakeoil. */
const firmwares = {
  plain: { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', fresh: '/usr/share/OVMF/OVMF_VARS_4M.fd' },
  secureBoot: {
    code: '/usr/share/OVMF/OVMF_CODE_4M.secboot.fd',
    fresh: '/usr/share/OVMF/OVMF_VARS_4M.snakeoil.fd',
  },
} as const;

/**
 * Boots an image under QEMU, with its console on standard output, until it powers off or the signal. There is no
 * network but the ports that are forwarded.
 *
 * @returns QEMU's exit status
 * @throws ProdngError HOST_LACKS without QEMU or the firmware, IMAGE
 */
export async function bootImage(options: BootOptions): Promise<number> {
  return await withTemporaryFolder('boot', async (folder) => {
    const argv = await machine(options, folder);
    return await new Promise((resolve, reject) => {
      const qemu = spawn('qemu-system-x86_64', argv, {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: { ...plainEnvironment },
      });
      const end = (): boolean => qemu.kill('SIGTERM');
      options.signal?.addEventListener('abort', end, { once: true });
      qemu.once('error', (cause) =>
        reject(
          new ProdngError('HOST_LACKS', 'qemu-system-x86_64 cannot be started', {
            hint: 'as root, run: apt-get install qemu-system-x86 ovmf',
            cause,
          }),
        ),
      );
      qemu.once('close', (status) => {
        options.signal?.removeEventListener('abort', end);
        resolve(status ?? 137);
      });
    });
  });
}

async function machine(options: BootOptions, folder: string): Promise<string[]> {
  const { image, cpus, memory, port, credentials = {}, keep } = options;
  const agent: PortForward[] = port === undefined ? [] : [{ port, address: '', to: 1337 }];
  const forwards = [...agent, ...(options.forwards ?? [])]
    .map((each) => `,hostfwd=tcp:127.0.0.1:${each.port}-${each.address}:${each.to}`)
    .join('');
  return [
    ...(options.kvm ? ['-accel', 'kvm', '-cpu', 'host'] : emulation(cpus)),
    '-smp',
    String(cpus),
    '-m',
    String(memory),
    '-nodefaults',
    '-display',
    'none',
    '-serial',
    'stdio',
    ...(options.uefi ? await uefiArguments(options, folder) : await directArguments(options, folder)),
    '-drive',
    `file=${quoted(image)},if=none,id=disk,format=raw,${keep === true ? 'cache=writeback' : 'snapshot=on'}`,
    '-device',
    'virtio-blk-pci,drive=disk',
    '-netdev',
    `user,id=net,restrict=on${forwards}`,
    '-device',
    'virtio-net-pci,netdev=net,romfile=',
    ...Object.entries(credentials).flatMap(([name, file]) => [
      '-fw_cfg',
      `name=opt/io.systemd.credentials/${name},file=${quoted(file)}`,
    ]),
  ];
}

/**
 * With one processor, its clock counts instructions (16 ns each) while it is not idle: on a loaded host the deadlines of
 * the machine, such as its watchdog's, come as late as everything else in it.
 */
function emulation(cpus: number): string[] {
  const tcg = ['-cpu', 'max', '-accel', cpus === 1 ? 'tcg,thread=single' : 'tcg,thread=multi'];
  return cpus === 1 ? [...tcg, '-icount', 'shift=4,sleep=on'] : tcg;
}

/** Where the first slot is: behind the partition table of a disk image, or at the start. */
async function slotStart(image: string): Promise<number> {
  const file = await open(image, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 512);
    return bytesRead === 8 && buffer.toString('latin1') === 'EFI PART' ? 2 ** 20 : 0;
  } finally {
    await file.close();
  }
}

async function directArguments({ image, append = '' }: BootOptions, folder: string): Promise<string[]> {
  const slot = await openSlot(image, await slotStart(image));
  try {
    const { kernel, initrd, commandLine } = ukiContents(slot.uki);
    const paths = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') };
    await writeOutput(paths.kernel, kernel);
    await writeOutput(paths.initrd, initrd);
    const line = `${commandLine} console=ttyS0 prodng.console=1 ${append}`.trim();
    return ['-kernel', paths.kernel, '-initrd', paths.initrd, '-append', line, '-no-reboot'];
  } finally {
    await slot.close();
  }
}

async function uefiArguments(
  { variables, secureBoot = false }: BootOptions,
  folder: string,
): Promise<string[]> {
  const { code, fresh } = secureBoot ? firmwares.secureBoot : firmwares.plain;
  if (!existsSync(code) || !existsSync(fresh))
    throw new ProdngError('HOST_LACKS', `there is no ${code}`, {
      hint: 'as root, run: apt-get install ovmf',
    });
  const path = variables ?? join(folder, 'variables');
  if (!existsSync(path)) await writeOutput(path, await readFile(fresh), 0o600);
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw new ProdngError('IO', `${path}: cannot be written: ${reasonOf(cause)}`, { cause });
  }
  return [
    '-machine',
    secureBoot ? 'q35,smm=on' : 'q35',
    // the variables can be written by the firmware alone: else the system could add keys
    ...(secureBoot ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    '-drive',
    `if=pflash,unit=0,format=raw,readonly=on,file=${code}`,
    '-drive',
    `if=pflash,unit=1,format=raw,file=${quoted(path)}`,
  ];
}

/** In QEMU's option lists a comma within a value is doubled. */
function quoted(path: string): string {
  return path.replaceAll(',', ',,');
}
