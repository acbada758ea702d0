import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runJail } from '../src/jail/lifecycle/run-jail.ts';
import { Counters, type Mode } from '../src/observe/counters.ts';
import { Recorder } from '../src/observe/recorder.ts';
import { ask, freePort } from '../test/field/ask.ts';
import { makeBusyboxJail } from '../test/support/busybox-jail.ts';
import { runProdng, sharedCache } from '../test/support/prodng.ts';
import { type Bench, type BenchRow, medianPairs } from './bench.ts';

/** A jail whose first process works for a while. */
interface Work {
  what: string;
  deb: string;
  argv?: readonly string[];
  publish?: { hostPort: number; jailPort: number };
  /** Has it work, and returns when it has. */
  client: (pid: number) => Promise<void>;
}

const rounds = 9;

/** What observation costs the service: CPU time of its first thread, in modes base and record beside none. */
export const observeBench: Bench = {
  name: 'observe',
  note:
    'CPU time of the first thread of a jail, observed (ours) and not (theirs), in turn. redis-server gets 100 ' +
    'connections of 100 commands each over loopback; the shell opens and closes /dev/null 40,000 times.',
  async run() {
    const folder = await mkdtemp('/var/tmp/bench-observe-');
    try {
      const works = [await redisWork(folder), await shellWork(folder)];
      const rows: BenchRow[] = [];
      for (const mode of ['base', 'record'] as const)
        for (const work of works) rows.push(await compared(work, mode, folder));
      return rows;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function redisWork(folder: string): Promise<Work> {
  const source = join(folder, 'bench-redis');
  for (const argv of [
    ['new', 'debian-service', source, '--set', 'package=redis-server'],
    ['build', source],
  ]) {
    const { status, stderr } = await runProdng(argv);
    if (status !== 0) throw new Error(stderr);
  }
  const hostPort = await freePort();
  const commands = 'SET a 1\r\nGET a\r\n'.repeat(50);
  return {
    what: 'redis-server',
    deb: join(folder, 'bench-redis_0.1.0_amd64.deb'),
    publish: { hostPort, jailPort: 6379 },
    async client() {
      while (!(await ask(hostPort, 'PING\r\n')).startsWith('+PONG')) await sleep(50);
      for (let turn = 0; turn < 100; turn += 1) {
        const answer = await ask(hostPort, `${commands}QUIT\r\n`);
        if (!answer.endsWith('+OK\r\n')) throw new Error(`redis answers ${answer.slice(-20)}`);
      }
    },
  };
}

async function shellWork(folder: string): Promise<Work> {
  const script = 'i=0; while [ $i -lt 40000 ]; do i=$((i+1)); : </dev/null; done; exec /bin/sleep 5000';
  return {
    what: 'a shell that opens files',
    deb: await makeBusyboxJail(folder, { name: 'benchsh' }),
    argv: ['/bin/sh', '-c', script],
    async client(pid) {
      while (!(await readFile(`/proc/${pid}/cmdline`, 'utf8')).startsWith('/bin/sleep')) await sleep(50);
    },
  };
}

async function compared(work: Work, mode: Mode, folder: string): Promise<BenchRow> {
  let used = 0;
  const timed = (observed: Mode | undefined) => ({
    async work() {
      const spent = await cpuOf(work, observed, folder);
      used += spent;
    },
    after: async () => {},
    cpu: () => used,
  });
  const { cpu } = await medianPairs(rounds, { ours: timed(mode), theirs: timed(undefined) });
  return { what: `${work.what}, mode ${mode}`, ...cpu, peer: 'not observed', unit: 'ms' };
}

/** CPU time of the first thread when its work is done, in ms. */
async function cpuOf(
  { deb, argv, publish, client }: Work,
  mode: Mode | undefined,
  folder: string,
): Promise<number> {
  const counters = mode === undefined ? undefined : new Counters();
  const stop = new AbortController();
  let tellReady: (pid: number) => void = () => {};
  const ready = new Promise<number>((resolve) => (tellReady = resolve));
  const running = runJail({
    deb,
    paths: { cache: sharedCache, state: join(folder, 'state'), run: join(folder, 'run') },
    kill: stop.signal,
    onReady: ({ pid }) => tellReady(pid),
    ...(argv === undefined ? {} : { argv }),
    ...(publish === undefined ? {} : { publish: [publish] }),
    ...(counters === undefined || mode === undefined ? {} : { observer: new Recorder(counters, mode) }),
  });
  try {
    const pid = await Promise.race([ready, running.then(() => Promise.reject(new Error(`${deb} ended`)))]);
    await client(pid);
    return Number((await readFile(`/proc/${pid}/schedstat`, 'utf8')).split(' ')[0]) / 1e6;
  } finally {
    stop.abort();
    await running.catch(() => {});
    counters?.close();
  }
}
