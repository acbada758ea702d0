import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { prodngPaths } from '../../system/paths.ts';
import { print } from '../terminal/print.ts';

/** `prodng evidence-collect`: the agent starts it for each collection, see src/agent/evidence/collector.ts. */
export function register(program: Command): void {
  program.command('evidence-collect', { hidden: true }).action(async () => {
    const { agentPaths } = await import('../../agent/state/agent-paths.ts');
    const { jobSchema } = await import('../../agent/evidence/collector.ts');
    const { takeOnDisk } = await import('../../agent/evidence/take-on-disk.ts');
    const { dieWithParent } = await import('../../kernel/child.ts');
    const { apiError } = await import('../../agent/api/api-error.ts');
    const { ProdngError } = await import('../../error/prodng-error.ts');
    const say = (value: unknown) => print(`${JSON.stringify(value)}\n`);
    // an agent that has died can write no event of the bundle
    dieWithParent();
    const lines = createInterface({ input: process.stdin });
    const gone = new AbortController();
    const [line] = (await once(lines, 'line')) as [string];
    lines.once('close', () => gone.abort());
    const { name, output, request } = jobSchema.parse(JSON.parse(line));
    try {
      const taken = await takeOnDisk(name, request, {
        paths: agentPaths(prodngPaths()),
        prodng: program.version() ?? '',
        output,
        onThawed: () => say({ thawed: true }),
        signal: gone.signal,
      });
      say({ taken });
    } catch (error) {
      const known =
        error instanceof ProdngError
          ? error
          : new ProdngError(
              'INTERNAL',
              `evidence: ${error instanceof Error ? error.message : String(error)}`,
            );
      say(apiError(known));
    }
    process.stdin.destroy();
  });
}
