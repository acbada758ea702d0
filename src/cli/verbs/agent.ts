import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { untilInterrupted } from '../terminal/agent-client.ts';

/** ms for what is under way when the agent ends. */
const patience = 1000;

const examples = `
Examples:
  sudo prodng agent
  sudo systemctl start prodng-agent

SIGHUP (systemctl reload prodng-agent) reloads the TLS files. Running jails are taken over at start, and keep running
when the agent exits. The log goes to standard output as JSON lines. The API is described at /openapi.json:
  curl --unix-socket /run/prodng/agent.sock http://agent/openapi.json`;

/** `prodng agent`: the daemon. */
export function register(program: Command): void {
  program
    .command('agent')
    .description('run the agent of this host in the foreground, as root')
    .addHelpText('after', examples)
    .action(async () => {
      const { runAgent } = await import('../../agent/daemon.ts');
      try {
        await runAgent(prodngPaths(), untilInterrupted('SIGINT', 'SIGTERM'));
      } finally {
        // what it was in the middle of, such as a start, is undone by the next agent
        setTimeout(() => process.exit(), patience).unref();
      }
    });
}
