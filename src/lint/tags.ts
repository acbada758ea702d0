import { commonTags } from './common-tags.ts';
import { debTags } from './deb-tags.ts';
import { families } from './severity.ts';
import type { Tag } from './tag.ts';

/** Every tag, by family and name. A lint of a source loads only commonTags. */
export const tags: readonly Tag[] = families.flatMap((family) =>
  [...commonTags, ...debTags].filter((tag) => tag.family === family).sort((a, b) => (a.id < b.id ? -1 : 1)),
);
