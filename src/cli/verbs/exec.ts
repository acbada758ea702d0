import type { Command } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import { prodngPaths } from '../../system/paths.ts';

const examples = `
Examples:
  prodng exec web -- /usr/bin/id
  echo hello | prodng exec web -- /bin/cat
  prodng exec -t web -- /bin/sh

It runs as the service does: same user, capabilities, system calls and limits. Ctrl-C and SIGTERM are passed on to it;
the second ends prodng, and the program with it. The exit status is its own; 128 and the signal's number when a signal
ended it; 127, with the runtime's reason, when it could not be executed.`;

/** `prodng exec` */
export function register(program: Command): void {
  program
    .command('exec')
    .description('run a program in a running jail')
    .argument('<jail>', 'its name')
    .argument('<argv...>', 'after --: what to run')
    .option('-t, --tty', 'on a terminal of its own, joined with ours')
    .addHelpText('after', examples)
    .action(async (jail: string, argv: string[], { tty }: { tty?: true }) => {
      const { execInJail } = await import('../../agent/exec/exec-client.ts');
      const { agentSocket } = await import('../../agent/state/agent-paths.ts');
      const { stdin, stdout, stderr } = process;
      if (tty === true && !(stdin.isTTY && stdout.isTTY))
        throw new ProdngError('USAGE', 'exec: --tty: standard input and output are no terminal', {
          hint: 'leave it out, or run prodng on a terminal',
        });
      process.exitCode = await execInJail({
        socketPath: agentSocket(prodngPaths()),
        jail,
        argv,
        input: stdin,
        output: stdout,
        errors: stderr,
        terminal: tty === true,
      });
    });
}
