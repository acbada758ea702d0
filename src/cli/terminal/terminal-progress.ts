import type { Progress } from '../../system/progress.ts';
import { standardError } from './print.ts';

/** The part of a stream that progress needs. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** A bar that is redrawn on a terminal, plain lines everywhere else. Goes to standard error. */
export function terminalProgress(stream: ProgressStream = standardError()): Progress {
  return stream.isTTY === true ? barProgress(stream) : lineProgress(stream);
}

/** Redrawing more often than this many ms only costs time. */
const redrawInterval = 100;

function barProgress(stream: ProgressStream): Progress {
  let step = '';
  let drawn = false;
  let lastDrawn = 0;
  const clear = () => {
    if (drawn) stream.write('\r\u001b[K');
    drawn = false;
  };
  return {
    step(name) {
      clear();
      step = name;
      stream.write(`${name}\n`);
    },
    advance(done, total, unit = 'bytes') {
      const now = performance.now();
      if (done >= total) return clear();
      if (now - lastDrawn < redrawInterval) return;
      lastDrawn = now;
      drawn = true;
      stream.write(`\r\u001b[K${barLine(step, done, total, unit, stream.columns ?? 80)}`);
    },
    note(text) {
      clear();
      stream.write(`  ${text}\n`);
    },
  };
}

function barLine(step: string, done: number, total: number, unit: string, columns: number): string {
  const share = total === 0 ? 1 : done / total;
  const figures = unit === 'bytes' ? `${megabytes(done)}/${megabytes(total)} MB` : `${done}/${total}`;
  const width = Math.max(10, Math.min(30, columns - step.length - figures.length - 12));
  const filled = Math.round(share * width);
  const percent = String(Math.floor(share * 100)).padStart(3);
  return `  ${step} [${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${percent}% ${figures}`.slice(
    0,
    columns - 1,
  );
}

/** A log that nobody watches needs no figures of what takes less than this many ms. */
const quietTime = 5_000;

function lineProgress(stream: ProgressStream): Progress {
  let quarter = 0;
  let lastLine = performance.now();
  return {
    step(name) {
      quarter = 0;
      lastLine = performance.now();
      stream.write(`${name}\n`);
    },
    advance(done, total, unit = 'bytes') {
      const now = total === 0 ? 4 : Math.floor((done / total) * 4);
      if (now <= quarter || now >= 4 || performance.now() - lastLine < quietTime) return;
      quarter = now;
      lastLine = performance.now();
      stream.write(`  ${now * 25}% of ${unit === 'bytes' ? `${megabytes(total)} MB` : `${total} files`}\n`);
    },
    note(text) {
      stream.write(`  ${text}\n`);
    },
  };
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
