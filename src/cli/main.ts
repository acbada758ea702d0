import { main } from './program.ts';

process.on('uncaughtException', async (error: NodeJS.ErrnoException) => {
  const isOutput = process.stdout.errored === error;
  // a reader that closes its end early (prodng ... | head) is not a fault
  if (isOutput && error.code === 'EPIPE') process.exit(0);
  const { reportError } = await import('./terminal/report-error.ts');
  const { outputFault } = await import('./terminal/print.ts');
  process.exit(reportError(isOutput ? outputFault(error) : error, false));
});

void main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
});

/** For whoever makes the code caches. */
export { commands } from './commands.ts';
export { main };
