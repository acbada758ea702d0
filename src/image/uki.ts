import type { ImageDeclaration } from './image-schema.ts';
import { appendSections, peSection } from './pe.ts';

/** The stub of systemd-boot-efi, which runs the kernel that is in its own sections (systemd-stub(7)). */
export const stubPath = 'usr/lib/systemd/boot/efi/linuxx64.efi.stub';

export interface UkiParts {
  stub: Buffer;
  osRelease: Buffer;
  commandLine: string;
  kernel: Buffer;
  /** Compressed. */
  initrd: Buffer;
}

/** Puts a unified kernel image together (UAPI.5). @throws ProdngError IMAGE for a stub that cannot take it */
export function makeUki({ stub, osRelease, commandLine, kernel, initrd }: UkiParts): Buffer {
  return appendSections(stub, [
    { name: '.osrel', content: osRelease },
    { name: '.cmdline', content: Buffer.from(`${commandLine}\0`) },
    // before the initrd, as later versions of the stub want it
    { name: '.linux', content: kernel },
    { name: '.initrd', content: initrd },
  ]);
}

/** The kernel and its initrd, for a machine that boots them directly. @throws ProdngError IMAGE */
export function ukiContents(uki: Buffer): { kernel: Buffer; initrd: Buffer; commandLine: string } {
  return {
    kernel: peSection(uki, '.linux'),
    initrd: peSection(uki, '.initrd'),
    commandLine: peSection(uki, '.cmdline').toString('latin1').replace(/\0+$/, ''),
  };
}

/** The kernel's command line of an image: what finds and protects the root, and what image.yaml adds. */
export function commandLineOf(image: ImageDeclaration, rootHash: string): string {
  return [
    `prodng.root=${rootHash}`,
    `prodng.deadline=${image.trialSeconds}`,
    'panic=10',
    'oops=panic',
    'lockdown=integrity',
    'module.sig_enforce=1',
    'init_on_alloc=1',
    'vsyscall=none',
    ...image.kernel.commandLine,
  ].join(' ');
}
