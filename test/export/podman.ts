import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Podman with storage and a network namespace of its own: what it does to networks is not done to the host. */
export interface Podman {
  run: (...argv: string[]) => string;
  remove: () => void;
}

const idFiles = ['/etc/subuid', '/etc/subgid'];

export function makePodman(): Podman {
  const folder = mkdtempSync(join(tmpdir(), 'podman-'));
  const netns = folder.slice(folder.lastIndexOf('/') + 1);
  execFileSync('ip', ['netns', 'add', netns]);
  execFileSync('ip', ['-n', netns, 'link', 'set', 'lo', 'up']);
  // its defaults are above what a container's root may set
  writeFileSync(
    join(folder, 'containers.conf'),
    '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n',
  );
  // UserNS=auto takes its ids from those of this user, containers-storage.conf(5)
  const before = idFiles.map((file) => readFileSync(file, 'utf8'));
  for (const [index, file] of idFiles.entries())
    if (!/^containers:/m.test(before[index] ?? ''))
      appendFileSync(file, `containers:${0x70000000}:1048576\n`);
  const common = [
    '--root',
    join(folder, 'root'),
    '--runroot',
    join(folder, 'run'),
    '--cgroup-manager',
    'cgroupfs',
  ];
  const run: Podman['run'] = (...argv) =>
    execFileSync(
      'nsenter',
      [
        `--net=/run/netns/${netns}`,
        'podman',
        ...common,
        '--runtime',
        'runc',
        '--events-backend',
        'none',
        ...argv,
      ],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: 60_000,
        env: { PATH: process.env.PATH, HOME: folder, CONTAINERS_CONF: join(folder, 'containers.conf') },
      },
    ).trim();
  return {
    run,
    remove() {
      run('pod', 'rm', '--all', '--force', '--time', '0');
      run('rm', '--all', '--force', '--time', '0');
      run('image', 'rm', '--all', '--force');
      execFileSync('ip', ['netns', 'del', netns]);
      for (const [index, file] of idFiles.entries()) {
        const own = readFileSync(file, 'utf8').replace(`containers:${0x70000000}:1048576\n`, '');
        if (!/^containers:/m.test(before[index] ?? '')) writeFileSync(file, own);
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
