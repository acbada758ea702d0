/** What of the registers of a blocked thread can be known without stopping it by ptrace(2). */
export interface Registers {
  /** -1 when it was stopped in the midst of its own instructions. */
  call: bigint;
  arguments: bigint[];
  stackPointer: bigint;
  instruction: bigint;
}

/** Parses /proc/PID/task/TID/syscall, proc_pid_syscall(5); undefined for a thread that runs. */
export function parseSyscall(text: string): Registers | undefined {
  const words = text.trim().split(' ');
  const call = /^-?\d+$/.test(words[0] ?? '') ? BigInt(words[0] ?? 0) : undefined;
  const numbers = words.slice(1).map((word) => (/^0x[0-9a-f]+$/.test(word) ? BigInt(word) : undefined));
  const [stackPointer, instruction] = numbers.slice(-2);
  if (call === undefined || stackPointer === undefined || instruction === undefined) return undefined;
  return {
    call,
    arguments: numbers.slice(0, -2).flatMap((number) => number ?? []),
    stackPointer,
    instruction,
  };
}

/** Where registers lie in elf_gregset_t, by the kernel's struct pt_regs; all are 8 bytes. */
const layouts = {
  // rdi rsi rdx r10 r8 r9; orig_rax, rsp, rip
  x64: {
    count: 27,
    arguments: [14, 13, 12, 7, 9, 8],
    call: 15,
    stackPointer: 19,
    instruction: 16,
    machine: 62,
  },
  // x0-x5; x8, sp, pc
  arm64: {
    count: 34,
    arguments: [0, 1, 2, 3, 4, 5],
    call: 8,
    stackPointer: 31,
    instruction: 32,
    machine: 183,
  },
} as const;

type Layout = (typeof layouts)[keyof typeof layouts];

/** @returns undefined for a machine whose cores this cannot write */
export function layoutOf(architecture: string): Layout | undefined {
  return architecture === 'x64' || architecture === 'arm64' ? layouts[architecture] : undefined;
}

/** elf_gregset_t with what is known, and 0 for what is not. */
export function registerSet(layout: Layout, registers: Registers | undefined): Buffer {
  const set = Buffer.alloc(layout.count * 8);
  if (registers === undefined) return set;
  const put = (index: number, value: bigint) => set.writeBigUInt64LE(BigInt.asUintN(64, value), index * 8);
  for (const [at, index] of layout.arguments.entries()) put(index, registers.arguments[at] ?? 0n);
  put(layout.call, registers.call);
  put(layout.stackPointer, registers.stackPointer);
  put(layout.instruction, registers.instruction);
  return set;
}
