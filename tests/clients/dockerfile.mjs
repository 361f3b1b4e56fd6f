// Reads a Dockerfile as Docker's language server does and prints what that complains about.
import { readFileSync } from 'node:fs';
import { validate } from 'dockerfile-utils';

const problems = validate(readFileSync(process.argv[2], 'utf8'), {});
console.log(JSON.stringify(problems.map((p) => `line ${p.range.start.line + 1}: ${p.message}`)));
