/** Unpacks ARGV[2] to ARGV[3] and prints the most memory that this process took, in MB. */
import { openDeb } from '../../src/archive/deb-reader.ts';
import { extractDeb } from '../../src/archive/extract.ts';

const [file = '', target = ''] = process.argv.slice(2);
const deb = await openDeb(file);
await extractDeb(deb, target, { durable: false });
await deb.close();
process.stdout.write(`${(process.resourceUsage().maxRSS * 1024) / 1e6}`);
