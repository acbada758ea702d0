import { openSync } from 'node:fs';
import { exchangeAt } from '../../../src/kernel/at.ts';

// Swaps two names in a folder, over and over, until its standard input ends.
const [folder = '', one = '', other = ''] = process.argv.slice(2);
const fd = openSync(folder, 'r');
process.stdin.on('end', () => process.exit(0)).resume();
process.stdout.write('flipping\n');
const flip = () => {
  for (let round = 0; round < 1001; round++) exchangeAt(fd, one, fd, other);
  setImmediate(flip);
};
flip();
