import type { Command } from 'commander';
import { ProdngError } from '../../error/prodng-error.ts';
import { agentTarget } from '../terminal/agent-client.ts';
import { standardError, standardOutput } from '../terminal/print.ts';

const examples = `
Examples:
  prodng exec web -- /usr/bin/id
  echo hello | prodng exec web -- /bin/cat
  prodng exec -it web -- /bin/sh

The program runs with the user, capabilities, system calls and limits of the service. Ctrl-C and SIGTERM are forwarded;
a second one ends prodng and kills the program. The exit status is that of the program; 128 + N if signal N ended it;
127, with the runtime's reason, if it could not be executed.`;

/** `prodng exec` */
export function register(program: Command): void {
  program
    .command('exec')
    .description('run a program in a running jail')
    .argument('<jail>', 'name of the jail')
    .argument('<argv...>', 'program and arguments, after --')
    .option('-i, --interactive', 'accepted; standard input is always passed')
    .option('-t, --tty', 'allocate a terminal')
    .addHelpText('after', examples)
    .action(async (jail: string, argv: string[], { tty }: { tty?: true }) => {
      const { execInJail } = await import('../../agent/exec/exec-client.ts');
      const { stdin } = process;
      const [stdout, stderr] = [standardOutput(), standardError()];
      if (tty === true && !(stdin.isTTY && stdout.isTTY))
        throw new ProdngError('USAGE', 'exec: --tty: standard input or output is not a terminal', {
          hint: 'omit --tty, or run prodng on a terminal',
        });
      process.exitCode = await execInJail({
        target: await agentTarget(),
        jail,
        argv,
        input: stdin,
        output: stdout,
        errors: stderr,
        terminal: tty === true,
      });
    });
}
