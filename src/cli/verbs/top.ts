import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Stats } from '../../agent/metrics/stats.ts';
import { agentClient, untilInterrupted } from '../terminal/agent-client.ts';
import { formatOption, jsonOption, type TextOrJson } from '../terminal/format.ts';
import { countOption } from '../terminal/output.ts';
import { isTerminal, print } from '../terminal/print.ts';
import { isSortKey, type SortKey, sortKeys, topText } from '../terminal/top-text.ts';

const examples = `
Examples:
  prodng top
  prodng top web
  prodng top --processes --sort memory
  prodng top --observed web
  prodng top --json -n 2 | tail -1 | jq '.[].cpu'

With a jail's name, or with --processes, processes are listed too. Network figures exist per jail only. WAIT is the share
of time in which some process of the jail was stalled on CPU, memory or I/O (pressure stall information, cgroup v2 only).
With --observed, the columns are those of prodng ps --observed.
Keys: c, m, i, n and w sort by CPU, memory, I/O, network and WAIT; o switches to what was observed; q quits. With --json, each line is one update.`;

interface Flags {
  processes?: true;
  observed?: true;
  sort: SortKey;
  delay: number;
  count?: number;
  format: TextOrJson;
}

/** `prodng top` */
export function register(program: Command): void {
  program
    .command('top')
    .description('show live resource use of jails and their processes')
    .argument('[jail]', 'show only this jail, with its processes')
    .option('-p, --processes', 'show the processes of all jails')
    .option('--observed', 'show what was observed instead of resource use')
    .addOption(new Option('-s, --sort <key>', 'sort key').choices(sortKeys).default('cpu'))
    .option('-d, --delay <seconds>', 'refresh interval, in seconds', delayOption, 1)
    .option('-n, --count <count>', 'exit after COUNT updates', countOption)
    .addOption(formatOption(['text', 'json']))
    .addOption(jsonOption())
    .addHelpText('after', examples)
    .action(top);
}

async function top(
  name: string | undefined,
  { processes, observed, sort, delay, count, format }: Flags,
): Promise<void> {
  const client = await agentClient();
  const stop = new AbortController();
  const signal = AbortSignal.any([untilInterrupted(), stop.signal]);
  const query = new URLSearchParams({ follow: 'true', interval: String(delay) });
  if (name !== undefined) query.set('jail', name);
  if (name !== undefined || processes === true) query.set('processes', 'true');
  let [before, now]: Stats[][] = [[], []];
  const view = { sort, observed: observed === true };
  const isScreen = format === 'text' && isTerminal();
  const draw = () => {
    const text = topText(before ?? [], now ?? [], view);
    if (isScreen) print(screenOf(text));
    else print(format === 'json' ? `${JSON.stringify(now)}\n` : text);
  };
  const leave = isScreen
    ? enterScreen((key) => {
        if (key === 'q' || key === '\u0003') stop.abort();
        if (key === 'o') {
          view.observed = !view.observed;
          draw();
        }
        const chosen = sortKeys.find((candidate) => candidate.startsWith(key));
        if (chosen === undefined || !isSortKey(chosen)) return;
        view.sort = chosen;
        draw();
      })
    : () => {};
  let looks = 0;
  try {
    for await (const { data } of client.stream(`/v1/stats?${query.toString()}`, signal)) {
      before = now;
      now = data as Stats[];
      draw();
      if (++looks === count) return;
    }
  } finally {
    leave();
  }
}

/** Home, each line with nothing of the last look behind it, and nothing of it below. */
function screenOf(text: string): string {
  // a terminal whose size nobody has set says 0
  const rows = process.stdout.rows || Number.POSITIVE_INFINITY;
  const lines = text.split('\n').slice(0, Math.max(1, rows - 1));
  return `\u001b[H${lines.map((line) => `${line}\u001b[K`).join('\n')}\u001b[J`;
}

/**
 * Takes the terminal's other screen, so that what was on it comes back.
 *
 * @param onKey hears of each key
 * @returns gives it back
 */
function enterScreen(onKey: (key: string) => void): () => void {
  const { stdin, stdout } = process;
  stdout.write('\u001b[?1049h\u001b[?25l\u001b[2J');
  const listen = (chunk: Buffer) => {
    for (const key of chunk.toString('utf8')) onKey(key);
  };
  if (stdin.isTTY) stdin.setRawMode(true).on('data', listen);
  return () => {
    if (stdin.isTTY) stdin.off('data', listen).setRawMode(false).pause();
    stdout.write('\u001b[?25h\u001b[?1049l');
  };
}

function delayOption(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0.1 && seconds <= 3600) return seconds;
  throw new InvalidArgumentError('seconds, from 0.1 to 3600');
}
