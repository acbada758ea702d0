import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExportFormat } from '../../src/export/enforcement.ts';
import { type BusyboxJail, makeBusyboxJail } from '../support/busybox-jail.ts';
import { type Ended, type ProdngOptions, runProdng } from '../support/prodng.ts';

/** A folder in which jails are made and exported. */
export interface Exporting {
  folder: string;
  jail: (name: string, jail?: BusyboxJail) => Promise<string>;
  run: (argv: readonly string[], options?: ProdngOptions) => Promise<Ended>;
  /** Exports for a format with every loss accepted that it has; gives the new folder. */
  written: (format: ExportFormat, deb: string, folder?: string) => Promise<string>;
  remove: () => void;
}

export const everyLoss =
  'Root-Mapping,No-New-Privileges,Read-Only-Root,Capabilities,Syscalls,Memory,Cpu,Pids,Io,Tmp,Host-Paths,Network,' +
  'Listen,Connect,Health,Restart,Credentials,Prepare';

export function makeExporting(): Exporting {
  // podman makes an image's name of a layout's path, and those are in lower case
  const folder = join(tmpdir(), `export-${randomBytes(6).toString('hex')}`);
  mkdirSync(folder);
  const run: Exporting['run'] = (argv, options = {}) =>
    runProdng(['export', ...argv], { cwd: folder, ...options });
  let made = 0;
  return {
    folder,
    run,
    async jail(name, jail = {}) {
      const deb = await makeBusyboxJail(folder, { name, whole: true, ...jail });
      const path = join(folder, `${name}_1.0-1_amd64.deb`);
      renameSync(deb, path);
      return path;
    },
    async written(format, deb, into) {
      const output = into ?? join(folder, `out-${made++}`);
      const argv = [deb, '--format', format, '--accept-loss', everyLoss, '--output', output];
      const { status, stderr } = await run(argv);
      if (status !== 0) throw new Error(stderr);
      return output;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
