import { ownValue } from '../../system/own-value.ts';

/** e_machine, class and byte order of Debian's architectures. */
const machines: Readonly<Record<string, readonly [machine: number, bits: 32 | 64, littleEndian: boolean]>> = {
  amd64: [62, 64, true],
  i386: [3, 32, true],
  arm64: [183, 64, true],
  armhf: [40, 32, true],
  armel: [40, 32, true],
  ppc64el: [21, 64, true],
  riscv64: [243, 64, true],
  s390x: [22, 64, false],
  mips64el: [8, 64, true],
  loong64: [258, 64, true],
};

/** The multiarch names of the folders of libraries. */
const triplets: Readonly<Record<string, string>> = {
  amd64: 'x86_64-linux-gnu',
  i386: 'i386-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  armhf: 'arm-linux-gnueabihf',
  armel: 'arm-linux-gnueabi',
  ppc64el: 'powerpc64le-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
  s390x: 's390x-linux-gnu',
  mips64el: 'mips64el-linux-gnuabi64',
  loong64: 'loongarch64-linux-gnu',
};

interface Target {
  machine: number;
  bits: 32 | 64;
  littleEndian: boolean;
}

/** Whether a program runs on that architecture; true for architectures we do not know. */
export function runsOn(architecture: string, elf: Target): boolean {
  const known = ownValue(machines, architecture);
  if (known === undefined) return true;
  return known[0] === elf.machine && known[1] === elf.bits && known[2] === elf.littleEndian;
}

/** What an ELF file is for, as Debian calls it, or its number. */
export function machineName(elf: Target): string {
  const found = Object.keys(machines).find((name) => runsOn(name, elf));
  return found ?? `ELF machine ${elf.machine} with ${elf.bits} bits`;
}

/** `x86_64-linux-gnu` for `amd64`; undefined for architectures we do not know. */
export function multiarchTriplet(architecture: string): string | undefined {
  return ownValue(triplets, architecture);
}
