import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { architecture, makeEvilSource, plainRules } from '../support/hostile-source.ts';
import { ordinaryUser } from '../support/ordinary-user.ts';
import { runProdng, startProdng } from '../support/prodng.ts';

// Issue 11, item 4: the build jail has neither seccomp nor limits, and the host's device nodes.

const scratch = mkdtempSync('/var/tmp/prodng-item-04-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const timeout = 600_000;
let locked: string;

/** Prints what the kernel answers to a build, a line each. */
const probe = `#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static void say(const char *what, long result) {
  printf("PROBE %s %s\\n", what, result < 0 ? strerrorname_np(errno) : "succeeds");
}
int main(int argc, char **argv) {
  if (argc > 2 && !strcmp(argv[1], "memory")) {
    size_t size = strtoul(argv[2], 0, 10) << 20;
    char *p = malloc(size);
    memset(p, 1, size);
    puts("PROBE memory succeeds");
    return 0;
  }
  if (argc > 2 && !strcmp(argv[1], "pids")) {
    int made = 0, most = atoi(argv[2]);
    for (; made < most; made++) {
      pid_t pid = fork();
      if (pid == 0) { pause(); _exit(0); }
      if (pid < 0) break;
    }
    printf("PROBE pids %s\\n", made == most ? "succeeds" : strerrorname_np(errno));
    fflush(stdout);
    kill(0, 9);
  }
  say("io_uring", syscall(SYS_io_uring_setup, 1, (char[256]){0}));
  say("keyctl", syscall(SYS_keyctl, 0, -3, 0));
  say("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
  say("vsock", socket(40, SOCK_STREAM, 0));
  say("userfaultfd", syscall(SYS_userfaultfd, 1));
  say("bpf", syscall(SYS_bpf, 0, 0, 0));
  say("unix", socket(AF_UNIX, SOCK_STREAM, 0));
  struct stat s;
  const char *devices[] = {"null", "zero", "full", "random", "urandom", "tty"};
  for (int i = 0; i < 6; i++) {
    char path[32];
    snprintf(path, sizeof path, "/dev/%s", devices[i]);
    if (stat(path, &s) == 0) printf("DEVICE %s %lu:%lu %o\\n", path, s.st_dev, s.st_ino, s.st_mode);
  }
  return 0;
}
`;

async function runProbe(name: string, argv: string, ...options: string[]) {
  const source = join(scratch, name, 'src');
  const rules = plainRules.replace(
    'build clean:',
    `build:\n\tgcc -o probe probe.c\n\t./probe ${argv}\nclean:`,
  );
  makeEvilSource(source, rules);
  writeFileSync(join(source, 'probe.c'), probe);
  if (locked !== undefined) writeFileSync(join(source, 'debian/jail.lock'), locked);
  const ended = await runProdng([
    'build',
    '--plain',
    locked === undefined ? '--no-locked' : '--locked',
    ...options,
    source,
  ]);
  locked ??= readFileSync(join(source, 'debian/jail.lock'), 'utf8');
  const log = readFileSync(join(scratch, name, `evil_1_${architecture}.build`), 'utf8');
  return { ...ended, log, probes: log.split('\n').filter((line) => line.startsWith('PROBE ')) };
}

let plain: Awaited<ReturnType<typeof runProbe>>;
beforeAll(async () => {
  plain = await runProbe('plain', '');
  expect(plain.stderr).not.toContain('prodng:');
}, timeout);

test("a build has the runtime's filter of system calls", () => {
  expect(plain.probes).toEqual([
    'PROBE io_uring EPERM',
    'PROBE keyctl EPERM',
    'PROBE ptrace EPERM',
    'PROBE vsock EPERM',
    'PROBE userfaultfd EPERM',
    'PROBE bpf EPERM',
    'PROBE unix succeeds',
  ]);
});

test("a build has device nodes of its own, not the host's inodes", () => {
  const devices = plain.log.split('\n').filter((line) => line.startsWith('DEVICE '));
  expect(devices).toHaveLength(6);
  for (const line of devices) {
    const [, path = '', inode] = line.split(' ');
    const { dev, ino } = statSync(path);
    expect(inode, path).not.toBe(`${dev}:${ino}`);
  }
});

test('memory, its layer included, ends at --memory', { timeout }, async () => {
  const small = await runProbe('memory-small', 'memory 64', '--memory', '256M');
  expect(small.probes).toEqual(['PROBE memory succeeds']);
  expect(small.status).toBe(0);
  const large = await runProbe('memory-large', 'memory 512', '--memory', '256M');
  expect(large.probes).toEqual([]);
  expect(large.log).toContain('Killed');
  expect(large.status).toBe(1);
});

test('processes end at --pids', { timeout }, async () => {
  const { probes } = await runProbe('pids', 'pids 200', '--pids', '100');
  expect(probes).toEqual(['PROBE pids EAGAIN']);
});

test('--cpu is in force while the build runs, in a group that is gone afterwards', { timeout }, async () => {
  const source = join(scratch, 'cpu/src');
  makeEvilSource(source, plainRules.replace('build clean:', 'build:\n\tsleep 5\nclean:'));
  writeFileSync(join(source, 'debian/jail.lock'), locked);
  const { child, ended } = await startProdng(['build', '--plain', '--locked', '--cpu', '30', source]);
  const isV2 = existsSync('/sys/fs/cgroup/cgroup.controllers');
  const parent = join('/sys/fs/cgroup', isV2 ? '' : 'cpu', 'prodng-builds');
  const own = () =>
    (existsSync(parent) ? readdirSync(parent) : []).filter((name) => name.startsWith(`${child.pid}-`));
  let isOver = false;
  void ended.then(() => (isOver = true));
  const names = async (): Promise<string[]> => {
    for (;;) {
      const text = own().map((name) => readFileSync(join(parent, name, 'cgroup.procs'), 'utf8'));
      // runc and the sleep, beside the shells around them
      if (isOver || text.some((pids) => pids.trim().split('\n').map(nameOf).includes('sleep'))) return own();
      await sleep(50);
    }
  };
  const [name = ''] = await names();
  expect(name).toMatch(/^\d+-/);
  const quota = isV2
    ? readFileSync(join(parent, name, 'cpu.max'), 'utf8').split(' ')[0]
    : readFileSync(join(parent, name, 'cpu.cfs_quota_us'), 'utf8');
  expect(Number(quota)).toBe(30_000);
  expect((await ended).status).toBe(0);
  expect(own()).toEqual([]);
});

test('an ordinary user is refused a limit that could not be put in force', { timeout }, async () => {
  const user = ordinaryUser(mkdtempSync(join(scratch, 'user-')));
  chmodSync(scratch, 0o755);
  const { status, stderr } = await runProdng(['build', '--memory', '1G', scratch], {
    prefix: user.prefix,
    env: { HOME: user.home, PRODNG_CACHE_DIR: join(user.home, 'cache') },
  });
  expect(status).toBe(2);
  expect(stderr).toContain('--memory and --cpu need a control group');
});

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
