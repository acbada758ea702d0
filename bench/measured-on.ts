import { cpus, release, totalmem } from 'node:os';

/** Today and this machine, for whoever reads figures: `2026-11-26: 2 CPUs, 24 GB, Linux 6.18, Node 20.20.2`. */
export function measuredOn(): string {
  const today = new Date().toISOString().slice(0, 10);
  const memory = Math.round(totalmem() / 2 ** 30);
  const [kernel] = /^\d+\.\d+/.exec(release()) ?? [release()];
  return `${today}: ${cpus().length} CPUs, ${memory} GB, Linux ${kernel}, Node ${process.versions.node}`;
}
