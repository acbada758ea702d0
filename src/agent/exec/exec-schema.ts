import { z } from 'zod';

const cells = z.number().int().min(1).max(10_000);

/** The size of a terminal in characters. */
export const terminalSize = z.object({ columns: cells, rows: cells });

export type TerminalSize = z.infer<typeof terminalSize>;

/** What to execute in a jail. */
export const execSchema = z
  .strictObject({
    // the kernel ends an argument with a zero byte
    argv: z
      .array(z.string().regex(/^[^\0]*$/, 'a NUL byte cannot be passed to a program'))
      .min(1)
      .max(1000),
    /** On a terminal of its own, of that size. */
    terminal: terminalSize.optional(),
  })
  .meta({ id: 'Exec' });

export type ExecRequest = z.infer<typeof execSchema>;

/** The protocol that a connection is upgraded to. */
export const execProtocol = 'prodng-exec';
