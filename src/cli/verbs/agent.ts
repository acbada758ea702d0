import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { untilInterrupted } from '../terminal/agent-client.ts';

const examples = `
Examples:
  sudo prodng agent
  sudo systemctl start prodng-agent

SIGHUP (systemctl reload prodng-agent) has it read the files of TLS anew. It takes over the jails that run, and they go on when it ends. Its log goes to standard output, one JSON record a
line. The API is described at /openapi.json:
  curl --unix-socket /run/prodng/agent.sock http://agent/openapi.json`;

/** `prodng agent`: the daemon. */
export function register(program: Command): void {
  program
    .command('agent')
    .description('run the agent of this host, as root')
    .addHelpText('after', examples)
    .action(async () => {
      const { runAgent } = await import('../../agent/daemon.ts');
      await runAgent(prodngPaths(), untilInterrupted('SIGINT', 'SIGTERM'));
    });
}
