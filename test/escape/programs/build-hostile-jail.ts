import { buildHostileJail } from '../hostile-jail.ts';

// Builds the hostile jail into a folder, for hosts that cannot: node scripts/run-ts.mjs THIS FOLDER
console.log(await buildHostileJail(process.argv[2] ?? ''));
