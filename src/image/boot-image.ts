import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { plainEnvironment } from '../system/process.ts';
import { openSlot } from './slot.ts';
import { ukiContents } from './uki.ts';

export interface BootOptions {
  /** A slot image; or a disk image, which only `uefi` boots. */
  image: string;
  /** By the firmware, as a machine does; else QEMU loads the kernel itself, which is faster. */
  uefi: boolean;
  /** Use the processor's virtualisation; else every instruction is emulated, which works everywhere. */
  kvm: boolean;
  /** MiB. */
  memory: number;
  /** The host's port on 127.0.0.1 that leads to the agent's 1337. */
  port?: number;
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

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const freshVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';

/**
 * Boots an image under QEMU, with its console on standard output, until it powers off or the signal. There is no
 * network but the agent's port.
 *
 * @returns QEMU's exit status
 * @throws ProdngError HOST_LACKS without QEMU or the firmware, IMAGE
 */
export async function bootImage(options: BootOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'prodng-boot-'));
  try {
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
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function machine(options: BootOptions, folder: string): Promise<string[]> {
  const { image, memory, port, credentials = {}, keep } = options;
  const forward = port === undefined ? '' : `,hostfwd=tcp:127.0.0.1:${port}-:1337`;
  return [
    ...(options.kvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
    '-smp',
    '2',
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
    `user,id=net,restrict=on${forward}`,
    '-device',
    'virtio-net-pci,netdev=net,romfile=',
    ...Object.entries(credentials).flatMap(([name, file]) => [
      '-fw_cfg',
      `name=opt/io.systemd.credentials/${name},file=${quoted(file)}`,
    ]),
  ];
}

async function directArguments({ image, append = '' }: BootOptions, folder: string): Promise<string[]> {
  const slot = await openSlot(image);
  try {
    const { kernel, initrd, commandLine } = ukiContents(slot.uki);
    const paths = { kernel: join(folder, 'kernel'), initrd: join(folder, 'initrd') };
    await writeFile(paths.kernel, kernel);
    await writeFile(paths.initrd, initrd);
    const line = `${commandLine} console=ttyS0 prodng.console=1 ${append}`.trim();
    return ['-kernel', paths.kernel, '-initrd', paths.initrd, '-append', line, '-no-reboot'];
  } finally {
    await slot.close();
  }
}

async function uefiArguments({ variables }: BootOptions, folder: string): Promise<string[]> {
  if (!existsSync(firmware) || !existsSync(freshVariables))
    throw new ProdngError('HOST_LACKS', `there is no ${firmware}`, {
      hint: 'as root, run: apt-get install ovmf',
    });
  const path = variables ?? join(folder, 'variables');
  if (!existsSync(path)) await copyFile(freshVariables, path);
  await (await open(path, 'r+')).close();
  return [
    '-machine',
    'q35',
    '-drive',
    `if=pflash,unit=0,format=raw,readonly=on,file=${firmware}`,
    '-drive',
    `if=pflash,unit=1,format=raw,file=${quoted(path)}`,
  ];
}

/** In QEMU's option lists a comma within a value is doubled. */
function quoted(path: string): string {
  return path.replaceAll(',', ',,');
}
