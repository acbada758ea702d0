// Makes the folder named by its argument, with so many files that there is time to kill it.
import { writeNewFolder } from '../../../src/template/new-folder.ts';

const files = Array.from({ length: 50_000 }, (_, index) => ({
  path: `folder/${index}`,
  content: 'content',
  executable: false,
}));
await writeNewFolder(process.argv[2] ?? '', files);
