import { closeSync, constants, existsSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../error/prodng-error.ts';
import { endProgram, isProgramRunning, type NamedProgram } from '../../jail/lifecycle/end-program.ts';
import type { RunRecord } from '../../jail/lifecycle/jail-slot.ts';
import { startTool } from '../../jail/runtime/host-tool.ts';
import { endingOf } from '../../kernel/child-watch.ts';
import { makeFifo } from '../../kernel/pipe.ts';
import type { AgentPaths } from '../state/agent-paths.ts';

/** How much of what a service prints is kept in each interval; journald's RateLimit of journald.conf(5) is the model. */
export interface LogRate {
  seconds: number;
  lines: number;
  /** Of a log's own lines, so that no service can push its earlier ones out of the log at once. */
  bytes: number;
}

export interface LogFile {
  path: string;
  /** Bytes of it that are kept: in two segments, so that a full one is kept whole while the next one fills. */
  size: number;
  rate: LogRate;
}

/**
 * Takes what conmon writes to a fifo, line by line, and keeps what the rate allows. The rest is counted, and the number is
 * a line of the log: at the end of the interval, or when the service has ended. It is a program of its own, since it goes on
 * without the agent, and perl, since perl-base is essential on Debian and takes 5 MB.
 */
const script = `
use strict;
my ($fifo, $path, $size, $seconds, $lines, $bytes) = @ARGV;
umask 0077;
open(my $in, '<', $fifo) or exit 1;
open(my $log, '>>', $path) or exit 1;
my ($folder, $name) = $path =~ m{^(.*)/([^/]+)$};
sub older {
  opendir(my $entries, $folder) or return ();
  return sort { $a <=> $b } map { /^\\Q$name\\E-([0-9]+)$/ ? $1 : () } readdir $entries;
}
my $start = (older())[-1] // 0;
my ($end, $seen, $seenBytes, $lost) = (0, 0, 0, 0);
sub begin_segment {
  my @before = older();
  my $segment = $start + (-s $log);
  if (!rename($path, "$path-$segment")) { truncate($log, 0); return; }
  if (!open(my $new, '>>', $path)) { rename("$path-$segment", $path); truncate($log, 0); return; }
  else { $log = $new; }
  $start = $segment;
  unlink map { "$path-$_" } @before;
}
sub put {
  my ($line) = @_;
  begin_segment() if -s $log && (-s $log) + length($line) > $size;
  syswrite($log, $line);
}
sub tell_lost {
  return unless $lost;
  my ($s, $m, $h, $day, $month, $year) = gmtime;
  put(sprintf("%04d-%02d-%02dT%02d:%02d:%02d.000000000+00:00 stderr F prodng: %d lines suppressed: more than %d lines or %d bytes in %d s\\n",
    $year + 1900, $month + 1, $day, $h, $m, $s, $lost, $lines, $bytes, $seconds));
  $lost = 0;
}
$SIG{ALRM} = \\&tell_lost;
while (defined(my $line = <$in>)) {
  my $now = time;
  if ($now >= $end) { tell_lost(); ($end, $seen, $seenBytes) = ($now + $seconds, 0, 0); }
  if ($seen >= $lines || $seenBytes + length($line) > $bytes) {
    alarm($end - $now) unless $lost++;
    next;
  }
  $seen++;
  $seenBytes += length($line);
  put($line);
}
tell_lost();
`;

/** ms that it may take to write down what is left. */
const patience = 2000;

/** Where a jail's log lies. */
export function logPath(name: string, { logs }: Pick<AgentPaths, 'logs'>): string {
  return join(logs, `${name}.log`);
}

/** Where conmon writes the log to. */
export function logFifo({ bundle }: RunRecord): string {
  return join(bundle, 'log.fifo');
}

function keeperOf(record: RunRecord): NamedProgram {
  return { name: 'perl', argument: logFifo(record), pidFile: join(record.bundle, 'log-keeper.pid') };
}

/**
 * Starts the keeper of a run's log. It waits until conmon opens the fifo, and ends when that ends.
 *
 * @returns its pid
 * @throws SystemError, ProdngError HOST_LACKS without perl
 */
export function startLogKeeper(record: RunRecord, { path, size, rate }: LogFile): number {
  const fifo = logFifo(record);
  if (!existsSync(fifo)) makeFifo(fifo, 0o600);
  const numbers = [Math.floor(size / 2), rate.seconds, rate.lines, rate.bytes].map(String);
  const pid = startTool(['perl', '-e', script, fifo, path, ...numbers], { env: { LC_ALL: 'C' }, cwd: '/' });
  void endingOf(pid, { holds: false });
  writeFileSync(keeperOf(record).pidFile, String(pid), { mode: 0o600 });
  return pid;
}

/** Starts it again where it was killed: conmon has gone on, and what was printed meanwhile is lost. */
export function ensureLogKeeper(record: RunRecord, log: LogFile): void {
  if (existsSync(logFifo(record)) && !isProgramRunning(keeperOf(record))) startLogKeeper(record, log);
}

/** Waits until it has kept what was printed last; it ends with conmon, which must be gone. */
export async function endLogKeeper(record: RunRecord): Promise<void> {
  const keeper = keeperOf(record);
  // where conmon never came, it waits for a writer
  openForMoment(logFifo(record));
  const end = performance.now() + patience;
  for (let wait = 1; isProgramRunning(keeper) && performance.now() < end; wait = Math.min(wait * 2, 20))
    await sleep(wait);
  await endProgram(keeper);
}

function openForMoment(fifo: string): void {
  try {
    closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch (error) {
    if (!['ENOENT', 'ENXIO'].includes(errnoOf(error) ?? '')) throw error;
  }
}
