import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyIneffective } from '../../src/control/capabilities.ts';
import { allowedSyscalls } from '../../src/jail/confine/seccomp.ts';
import { runJail } from '../../src/jail/lifecycle/run-jail.ts';
import { syscallName } from '../../src/kernel/syscall-numbers.ts';
import { Counters } from '../../src/observe/counters.ts';
import { loadPrograms } from '../../src/observe/loaded.ts';
import { profileSchema } from '../../src/observe/profile.ts';
import { Recorder } from '../../src/observe/recorder.ts';
import { type JailHost, makeJailHost } from '../support/jail-host.ts';
import { recordRun, totals, truthProgram } from './recorded.ts';

let host: JailHost;

beforeEach(async () => {
  host = await makeJailHost();
});

afterEach(async () => {
  const left = await host.leftovers();
  await host.remove();
  expect(left).toEqual([]);
});

const programs = () => ({ '/bin/truth': truthProgram() });
const place = 'Jail-Network: loopback\nJail-Filesystem: tmp /tmp size=1M';

/** Those that the kernel checks in the jail's own namespace, and the one thing that truth.c does for each. */
const own = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER KILL SETGID SETUID SETPCAP NET_ADMIN NET_RAW SYS_CHROOT SYS_ADMIN ' +
  'SETFCAP'
).split(' ');
/** Checked there too, and in no declaration: reboot(2) would only end the jail. */
const undeclarable = 'SYS_BOOT';
/** Those that it checks against the host for what truth.c does: no declaration helps. */
const againstHost = (
  'FSETID SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYS_RAWIO SYS_MODULE SYS_PACCT MKNOD SYSLOG WAKE_ALARM ' +
  'IPC_LOCK LINUX_IMMUTABLE PERFMON BPF'
).split(' ');
/** What comes to pass without the capability, less well. */
const soft = ['FSETID'];

describe('capabilities', () => {
  it.each([
    ['none', []],
    ['every second', own.filter((_, index) => index % 2 === 0)],
    ['the others', own.filter((_, index) => index % 2 === 1)],
    ['all', own],
  ])('%s declared: those used, those refused and those of the host, and no others', async (_, declared) => {
    const fields =
      `${place}\nJail-Capabilities: ${declared.join(' ') || 'none'}\n` +
      'Jail-Syscalls: @system-service @privileged @mount @debug @module @raw-io @reboot @clock syslog';
    const argv = ['/bin/truth', 'capabilities', ...own, undeclarable, ...againstHost];
    const { status, stdout, profile } = await recordRun(host, { fields, programs: programs() }, argv);
    expect(status).toBe(0);
    const said = new Map(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ') as [string, string]),
    );
    expect(said.size).toBe(own.length + 1 + againstHost.length);
    const has = (name: string) => declared.includes(name);

    // the program itself says whether it could
    for (const name of own) {
      const could =
        has(name) ||
        (name === 'DAC_READ_SEARCH' && has('DAC_OVERRIDE')) ||
        (name === 'KILL' && !has('SETUID'));
      expect(`${name} ${said.get(name) === 'ok'}`).toBe(`${name} ${could}`);
    }
    // without SETUID there is no process of another user, and nothing to ask
    const asked = own.filter((name) => name !== 'KILL' || has('SETUID'));
    const inForce = (name: string) => `CAP_${name}`;
    const { capabilities } = profile;
    const names = (count: (entry: (typeof capabilities)[number]) => number | undefined) =>
      capabilities
        .filter((entry) => (count(entry) ?? 0) > 0)
        .map(({ capability }) => capability)
        .sort();

    expect(names(({ granted }) => granted)).toEqual(asked.filter(has).map(inForce).sort());
    const denied = asked.filter((name) => !has(name));
    // chmod(2) by FOWNER asks whether the set-group-id bit may stay
    const bit = has('FOWNER') ? ['FSETID'] : [];
    expect(names(({ denied }) => denied)).toEqual([...denied, ...bit, undeclarable].map(inForce).sort());
    expect(names(({ hard }) => hard)).toEqual(
      [...denied, undeclarable]
        .filter((name) => name !== 'DAC_READ_SEARCH' || !has('DAC_OVERRIDE'))
        .map(inForce)
        .sort(),
    );
    // a kernel without the call does not get as far as asking
    const known = againstHost.filter((name) => said.get(name) !== 'ENOSYS');
    expect(known.length).toBeGreaterThan(10);
    expect(names(({ host }) => host)).toEqual(known.map(inForce).sort());
    expect(names(({ hostHard }) => hostHard)).toEqual(
      known
        .filter((name) => !soft.includes(name))
        .map(inForce)
        .sort(),
    );
  });

  it('knows of each that is checked against the host alone that declaring it is useless', () => {
    const both = ['FSETID', 'SYS_NICE', 'SYS_RESOURCE'];
    for (const name of againstHost)
      expect(`${name} ${whyIneffective(`CAP_${name}`) !== undefined}`).toBe(
        `${name} ${!both.includes(name)}`,
      );
  });
});

describe('system calls', () => {
  it('has every call that the filter refuses once, also those refused for an argument, and no others', async () => {
    const allowed = allowedSyscalls(['@system-service']);
    const numbers = Array.from({ length: 470 }, (_, number) => number).filter((number) => {
      const name = syscallName(number);
      return !name.startsWith('syscall ') && !allowed.has(name);
    });
    expect(numbers.length).toBeGreaterThan(70);
    const argv = ['/bin/truth', 'refuse', ...numbers.map(String)];
    const { stdout, profile } = await recordRun(host, { fields: place, programs: programs() }, argv);
    // runc has calls that its libseccomp does not know fail with ENOSYS
    expect(stdout.match(/ (?:EPERM|ENOSYS)$/gm)).toHaveLength(numbers.length + 4);
    const expected: Record<string, number> = { clone: 1, clone3: 1, socket: 1, personality: 1 };
    for (const number of numbers) expected[syscallName(number)] = 1;
    expect(
      totals(
        profile.calls,
        ({ call }) => call,
        ({ refused }) => refused,
      ),
    ).toEqual(expected);
  });

  it('counts 1,000,000 calls of 8 threads as 1,000,000', async () => {
    const argv = ['/bin/truth', 'threads', '8', '125000'];
    const { profile } = await recordRun(host, { fields: place, programs: programs() }, argv);
    const entered = totals(
      profile.calls,
      ({ call }) => call,
      (call) => call.entered,
    );
    expect(entered.getppid).toBe(1_000_000);
    expect(entered.exit).toBe(8);
    expect(entered.exit_group).toBe(1);
  });
});

describe('files', () => {
  it('has each that was read, written, made, changed, removed or refused, and no others', async () => {
    const { stdout, profile } = await recordRun(host, { fields: place, programs: programs() }, [
      '/bin/truth',
      'files',
    ]);
    expect(stdout.match(/ ok$/gm)).toHaveLength(22);
    const seen = totals(
      profile.files,
      ({ kind, path }) => `${kind} ${path}`,
      ({ count }) => count,
    );
    expect(seen).toEqual({
      'read /tmp': 1,
      'read /tmp/made': 2,
      'written /tmp/made': 1,
      'created /tmp/made': 1,
      'created /tmp/sub/inner': 1,
      'removed /tmp/renamed': 1,
      'removed /tmp/sub': 1,
      'removed /tmp/sub/inner': 1,
      'renamed /tmp/linked': 1,
      'linked /tmp/linked': 1,
      'linked /tmp/symlinked': 1,
      'mode /tmp/made': 3,
      'owner /tmp/made': 2,
      'truncated /tmp/made': 2,
      'folder /tmp/sub': 1,
      'node /tmp/fifo': 1,
      'refused /etc/new': 1,
      'refused /etc/passwd': 1,
    });
  });
});

describe('connections', () => {
  it('has each that was made, refused, accepted and listened for, and no others', async () => {
    const { profile } = await recordRun(host, { fields: place, programs: programs() }, [
      '/bin/truth',
      'network',
    ]);
    const seen = totals(
      profile.connections,
      ({ way, address, port, error }) =>
        [way, address, port, error].filter((part) => part !== undefined).join(' '),
      ({ count }) => count,
    );
    expect(seen).toEqual({
      'listens 4000': 1,
      'connected 127.0.0.1 4000': 3,
      'accepted 4000': 3,
      'listens 4006': 1,
      'connected ::1 4006': 1,
      'accepted 4006': 1,
      'failed 127.0.0.2 4001 ECONNREFUSED': 1,
    });
  });
});

describe('programs', () => {
  it('has each by the path it was executed by, how often, and by whom', async () => {
    const script = 'truth many 0; truth many 0; /bin/nothing; exit 3';
    const { status, profile } = await recordRun(
      host,
      { fields: place, programs: programs(), files: { '/bin/script': `#!/bin/sh\n${script}\n` } },
      ['/bin/script'],
    );
    expect(status).toBe(3);
    const inPackage = { origin: 'service', outside: false };
    expect(profile.programs).toEqual([
      { id: 1, path: '/bin/script', file: '/bin/busybox', ...inPackage, executed: 1, by: 0 },
      { id: 2, path: '/bin/truth', file: '/bin/truth', ...inPackage, executed: 2, by: 1 },
    ]);
  });
});

describe('what a record is worth', () => {
  it('says exactly how many files it lacks when there is no room for them', async () => {
    const deb = await host.jail({ fields: place, programs: programs() });
    const counters = new Counters(loadPrograms({ files: 64 }));
    try {
      const recorder = new Recorder(counters, 'record');
      const paths = {
        cache: host.env.PRODNG_CACHE_DIR ?? '',
        state: host.env.PRODNG_STATE_DIR ?? '',
        run: host.env.PRODNG_RUN_DIR ?? '',
      };
      const options = { deb, paths, argv: ['/bin/truth', 'many', '1000'], observer: recorder };
      expect(await runJail(options)).toBe(0);
      const profile = profileSchema.parse(await recorder.profile());
      const kept = profile.files.reduce((sum, { count }) => sum + count, 0);
      expect(profile.files).toHaveLength(64);
      expect(kept + profile.lost.files).toBe(1000);
    } finally {
      counters.close();
    }
  });

  it('shows of a program that does nothing only its own start and end', async () => {
    const { profile } = await recordRun(host, { fields: place, programs: programs() }, [
      '/bin/truth',
      'many',
      '0',
    ]);
    expect(profile.fromStart).toBe(true);
    expect(Object.values(profile.lost).every((lost) => lost === 0)).toBe(true);
    expect([profile.capabilities, profile.files, profile.connections]).toEqual([[], [], []]);
    expect(profile.programs.map(({ path }) => path)).toEqual(['/bin/truth']);
    expect(profile.calls.length).toBeLessThan(20);
    expect(profile.calls.map(({ call }) => call)).toContain('exit_group');
    expect(profile.calls.map(({ call }) => call)).not.toContain('execve');
  });

  it('takes a record without any program for none', async () => {
    const { profile } = await recordRun(host, { fields: place }, ['/bin/true']);
    expect(profileSchema.safeParse({ ...profile, programs: [] }).success).toBe(false);
  });
});
