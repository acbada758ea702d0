// Compiles the BPF programs of src/observe/bpf. The same bytes in every folder. Usage: build-bpf.mjs [FOLDER], default dist
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(process.argv[2] ?? 'dist');
const arch = { x64: 'x86', arm64: 'arm64' }[process.arch];
const triplet = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];

mkdirSync(folder, { recursive: true });
const source = resolve('src/observe/bpf');
const made = join(folder, `.observe.bpf.o.${process.pid}`);
const argv = [
  '-target',
  'bpf',
  '-mcpu=v3',
  '-O2',
  '-g',
  '-Wall',
  '-Werror',
  `-ffile-prefix-map=${source}=.`,
  `-D__TARGET_ARCH_${arch}`,
  `-I/usr/include/${triplet}`,
  '-c',
  'observe.bpf.c',
  '-o',
  made,
];
execFileSync('clang', argv, { cwd: source, stdio: 'inherit' });
renameSync(made, join(folder, 'observe.bpf.o'));
