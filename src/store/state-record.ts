import { z } from 'zod';

const identity = z.strictObject({
  name: z.string().min(1),
  origin: z.string(),
  label: z.string().exactOptional(),
  suite: z.string().exactOptional(),
  codename: z.string().min(1),
  date: z.string().min(1),
  components: z.array(z.string()),
});

const record = z.array(z.strictObject({ identity, packages: z.array(z.string().regex(/^[^/]+$/)) }));

/** What state.json says, or undefined if it is foreign or damaged: the state is then recreated. */
export function parseStateRecord(text: string): z.infer<typeof record> | undefined {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
