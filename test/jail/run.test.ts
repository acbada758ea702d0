import { readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

describe('how it ends', () => {
  it('hands on the exit status of the service', async () => {
    const deb = await host.jail({ fields: 'Jail-Command: /bin/sh -c "exit 7"' });
    expect(await host.prodng(['run', deb])).toEqual({ status: 7, stdout: '', stderr: expect.any(String) });
    expect((await host.prodng(['run', deb])).status).toBe(7);
  });

  it('answers 0 for a service that ends well', async () => {
    expect((await host.prodng(['run', await host.jail()])).status).toBe(0);
  });

  it('answers 128 and the number of the signal that killed the service', async () => {
    const fields = 'Jail-Command: /bin/sh -c "ulimit -t 1; while :; do :; done"\nJail-Cpu: 100%';
    // SIGKILL, as a first process is immune to the SIGXCPU that comes before
    expect((await host.prodng(['run', await host.jail({ fields })])).status).toBe(137);
  });

  it('says that a program is not there, and exits 2', async () => {
    const { status, stderr } = await host.prodng(['run', await host.jail(), '--', '/bin/nothing']);
    expect(status).toBe(2);
    expect(stderr).toContain('/bin/nothing');
  });

  it('says that a file is not a program, and exits 2', async () => {
    const { status, stderr } = await host.prodng(['run', await host.jail(), '--', '/etc/passwd']);
    expect(status).toBe(2);
    expect(stderr).toContain('prodng: ');
  });
});

describe('what the service is given', () => {
  it('passes standard input, output and error through, apart', async () => {
    const deb = await host.jail();
    const argv = ['run', '-i', deb, '--', '/bin/sh', '-c', 'cat; echo away >&2'];
    const { status, stdout, stderr } = await host.prodng(argv, { input: 'line\n'.repeat(50_000) });
    expect(status).toBe(0);
    expect(stdout).toBe('line\n'.repeat(50_000));
    expect(stderr).toContain('away\n');
  });

  it('gives it the declared environment and working folder, and nothing of ours', async () => {
    const fields = 'Jail-Environment:\n GREETING=good morning\n HOME=/tmp\nJail-Workdir: /var/lib/box';
    const deb = await host.jail({ fields });
    const argv = ['run', deb, '--', '/bin/sh', '-c', 'env; pwd; hostname'];
    const { stdout } = await host.prodng(argv, { env: { SECRET: 'leaks' } });
    expect(stdout.trim().split('\n').sort()).toEqual(
      [
        'GREETING=good morning',
        'HOME=/tmp',
        'LANG=C.UTF-8',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'PWD=/var/lib/box',
        'SHLVL=1',
        'USER=jail',
        '/var/lib/box',
        host.name,
      ].sort(),
    );
    expect(stdout).not.toContain(hostname());
  });

  it('runs it as the declared user with its groups, unprivileged ids on the host', async () => {
    const { stdout } = await host.script(
      '',
      'id; cat /proc/self/uid_map; ls -ln /bin/busybox; ls -n /etc/passwd',
    );
    expect(stdout).toContain('uid=999(jail) gid=998(jail) groups=300(extra)');
    expect(stdout).toMatch(/^ +0 +18790\d+ +65536$/m);
    // the files of the rootfs are the jail's root's, with no chown
    expect(stdout).toMatch(/-rwxr-xr-x +1 0 +0 .*busybox/);
    const ranges = JSON.parse(await readFile(join(host.folder, 'state/uid-ranges.json'), 'utf8'));
    expect(ranges[host.name]).toBeGreaterThanOrEqual(0x7000_0000);
  });

  it('reports before the first instruction what the kernel has in force', async () => {
    const fields = 'Jail-Memory: 32M\nJail-Capabilities: CHOWN\nJail-Filesystem: tmp /tmp size=1M';
    const deb = await host.jail({ fields });
    const { stderr } = await host.prodng(['run', deb, '--verbose']);
    expect(stderr).toContain(`${host.name} 1.0-1, in force:`);
    expect(stderr).toMatch(/uid map +0-65535 in the jail are 18790\d+ and up on the host/);
    expect(stderr).toMatch(/capabilities +CAP_CHOWN\n/);
    expect(stderr).toMatch(/\/tmp +tmpfs rw,nosuid,nodev,noexec 1M\n/);
    expect(stderr).toMatch(/memory +32M, swap 0\n {2}cpu +50%\n {2}processes +32\n/);
  });
});

describe('what it may do', () => {
  it.each([
    ['jail', 'none', '0000000000000000', '0000000000000000'],
    ['jail', 'NET_BIND_SERVICE, CHOWN', '0000000000000401', '0000000000000401'],
    ['root', 'none', '0000000000000000', '0000000000000000'],
    ['root', 'CHOWN', '0000000000000001', '0000000000000000'],
  ])('as %s with capabilities %s: exactly those', async (user, capabilities, held, ambient) => {
    const fields = `Jail-User: ${user}\nJail-Capabilities: ${capabilities}`;
    const { stdout } = await host.script(fields, 'grep -E "^(Cap|NoNew|Seccomp:)" /proc/self/status');
    expect(stdout.replaceAll('\t', ' ').trim().split('\n')).toEqual([
      `CapInh: ${held}`,
      `CapPrm: ${held}`,
      `CapEff: ${held}`,
      `CapBnd: ${held}`,
      `CapAmb: ${ambient}`,
      'NoNewPrivs: 1',
      'Seccomp: 2',
    ]);
  });

  it('writes nowhere but where it is declared, even as root', async () => {
    const fields = 'Jail-User: root\nJail-Filesystem: tmp /tmp';
    const places = '/x /etc/x /dev/x /proc/sys/kernel/hostname /proc/sysrq-trigger /run/x /var/lib/box/x';
    const { stdout, stderr } = await host.script(
      fields,
      `for place in ${places}; do { echo 1 > $place; } 2>/dev/null && echo "wrote $place"; done; echo 1 > /tmp/x && cat /tmp/x`,
    );
    expect({ stdout, stderr }).toMatchObject({ stdout: '1\n' });
  });

  it('fills a tmpfs up to its size, and executes nothing from it', async () => {
    const fields = 'Jail-Filesystem: tmp /tmp size=1M';
    const script =
      'dd if=/dev/zero of=/tmp/fill bs=64k count=100 2>/dev/null; stat -c %s /tmp/fill; rm /tmp/fill; ' +
      'cat /bin/busybox > /tmp/sh 2>/dev/null; echo "#!/bin/sh" > /tmp/run; chmod 755 /tmp/run; /tmp/run; echo $?';
    const { stdout, stderr } = await host.script(fields, script);
    expect(stdout).toBe(`${2 ** 20}\n126\n`);
    expect(stderr).toContain('Permission denied');
  });

  it('makes no namespaces, in none of the ways', async () => {
    const script = 'for kind in m u i n p U C; do unshare -$kind true && echo "made $kind"; done; echo done';
    expect((await host.script('', script)).stdout).toBe('done\n');
    // with the system call allowed, the kernel's own limit still holds
    const fields =
      'Jail-Syscalls: @system-service unshare mount\nJail-User: root\nJail-Capabilities: SYS_ADMIN';
    const { stdout, stderr } = await host.script(fields, `cat /proc/sys/user/max_*_namespaces; ${script}`);
    expect(stdout.replace(/^0\n/gm, '')).toBe('done\n');
    expect(stderr).toContain('No space left on device');
  });

  it('cannot mount, make devices or read the kernel log, even as root with SYS_ADMIN', async () => {
    const fields =
      'Jail-User: root\nJail-Capabilities: SYS_ADMIN SYS_PTRACE\nJail-Filesystem: tmp /tmp size=1M';
    const script =
      'mount -t tmpfs x /tmp; umount /proc; mknod /tmp/null c 1 3; cat /proc/kmsg | head -c 1; cat /proc/kallsyms | head -c1; ls /tmp; echo done';
    const { stdout, stderr } = await host.script(fields, script);
    expect(stdout).toBe('done\n');
    expect(stderr).toMatch(/mount: .*Operation not permitted/);
    expect(stderr).toMatch(/umount: .*Operation not permitted/);
    expect(stderr).toMatch(/mknod: .*Operation not permitted/);
  });

  it('has a pid, an ipc, a uts and a control group namespace of its own', async () => {
    const { stdout } = await host.script('', 'echo $$; ls /proc | grep -c "^[0-9]"; cat /proc/self/cgroup');
    const [pid, processes, ...groups] = stdout.trim().split('\n');
    expect(pid).toBe('1');
    expect(Number(processes)).toBeLessThan(6);
    expect(groups.filter((line) => line.includes('prodng'))).toEqual([]);
  });
});

describe('prodng run --shell', () => {
  it('runs another program in place of the service, with the same rights', async () => {
    const deb = await host.jail({ fields: 'Jail-Command: /bin/false' });
    const { status, stdout } = await host.prodng(['run', deb, '--', '/bin/cat', '/etc/group']);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'root:x:0:\njail:x:998:\nextra:x:300:jail\n' });
  });

  it('gives a shell that reads what is piped to it', async () => {
    const deb = await host.jail();
    const { status, stdout } = await host.prodng(['run', deb, '--shell'], {
      input: 'echo I am $USER\nexit 3\n',
    });
    expect({ status, stdout }).toEqual({ status: 3, stdout: 'I am jail\n' });
  });

  it('lends a jail without a shell the busybox of the host', async () => {
    const deb = await host.jail({ name: `${host.name}-bare`, without: ['bin/sh'] });
    const { status, stdout } = await host.prodng(['run', deb, '--shell'], { input: 'echo $0; exit 4\n' });
    expect({ status, stdout }).toEqual({ status: 4, stdout: 'sh\n' });
  });

  it('gives a shell on a terminal of its own', async () => {
    const deb = await host.jail();
    const session = host.terminal(['run', deb, '--shell']);
    session.type('tty; echo a$((6 * 7))b\n');
    await session.said('a42b');
    session.type('echo sl$((6 * 7))ps; sleep 1000; echo never\n');
    await session.said('sl42ps');
    // Ctrl-C is for the shell's child, not for prodng; it may come before the child is there
    const press = setInterval(() => session.type('\u0003'), 200);
    await session.said('^C\r\r\n/ $ ');
    clearInterval(press);
    session.type('\necho still $((40 + 2)) here; exit 5\n');
    await session.said('still 42 here');
    expect(await session.status()).toBe(5);
  });

  it('prints the OCI configuration and runs nothing', async () => {
    const deb = await host.jail({ fields: 'Jail-Command: /bin/false\nJail-Memory: 32M' });
    const { status, stdout } = await host.prodng(['run', deb, '--print-spec']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      process: { args: ['/bin/false'], noNewPrivileges: true },
      root: { readonly: true },
      linux: { resources: { memory: { limit: 32 * 2 ** 20, swap: 32 * 2 ** 20 } } },
    });
  });
});

it('keeps one unpacked tree for all runs, closed to the users of the host', async () => {
  const deb = await host.jail({ files: { 'etc/motd': 'hello' } });
  expect((await host.prodng(['run', deb])).stderr).toContain('unpack');
  expect((await host.prodng(['run', deb])).stderr).not.toContain('unpack');
  expect((await stat(join(host.folder, 'cache/jails'))).mode & 0o777).toBe(0o700);
});

it('refuses a .deb that is no jail, and one for another machine', async () => {
  const plain = await host.jail({ control: (text) => text.replace(/^Jail-.*\n/gm, '') });
  expect(await host.prodng(['run', plain])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('its control has no Jail-* fields'),
  });
  const foreign = await host.jail({
    control: (text) => text.replace(/^Architecture: .*/m, 'Architecture: s390x'),
  });
  expect(await host.prodng(['run', foreign])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('it is for s390x'),
  });
  const notOne = join(host.folder, 'text.deb');
  await writeFile(notOne, 'no archive');
  expect((await host.prodng(['run', notOne])).status).toBe(2);
});

it('reports every fault of the declarations at once, with its line', async () => {
  const deb = await host.jail({ fields: 'Jail-Memory: lots\nJail-Nonsense: 1' });
  const { status, stderr } = await host.prodng(['run', deb]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/control:\d+:\d+: Jail-Memory: "lots" is not a size/);
  expect(stderr).toMatch(/control:\d+:\d+: Jail-Nonsense: no such field/);
});
