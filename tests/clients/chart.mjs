// Renders the Helm chart with the template engine of Go itself, which is Helm's. The chart uses none of the functions that
// Helm adds. Values that differ come as JSON on standard input. Prints what is rendered and what the schema says of the values.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse as render } from '@evertdespiegeleer/go-template';
import Ajv from 'ajv';
import { parse as parseYaml } from 'yaml';

const chart = process.argv[2];
const read = (...path) => readFileSync(join(chart, ...path), 'utf8');

// As Helm does: maps are merged, everything else is replaced, null takes away.
function merged(values, others) {
  const isMap = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(values) || !isMap(others)) return others;
  const both = { ...values };
  for (const [key, value] of Object.entries(others)) {
    if (value === null) delete both[key];
    else both[key] = key in both ? merged(both[key], value) : value;
  }
  return both;
}

const values = merged(parseYaml(read('values.yaml')), JSON.parse((await text(process.stdin)) || '{}'));
const ajv = new Ajv({ allErrors: true, strict: false });
const isValid = ajv.validate(JSON.parse(read('values.schema.json')), values);
const errors = isValid ? [] : ajv.errors.map((e) => `${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);
const manifests = [];
if (isValid) {
  const about = parseYaml(read('Chart.yaml'));
  const context = {
    Values: values, Release: { Name: 'spendra', Namespace: 'spendra' }, Chart: { Name: about.name, Version: about.version, AppVersion: about.appVersion },
  };
  const names = readdirSync(join(chart, 'templates')).sort();
  const parts = names.filter((n) => n.endsWith('.tpl')).map((n) => read('templates', n)).join('');
  for (const name of names.filter((n) => n.endsWith('.yaml'))) manifests.push(await render(parts + read('templates', name), context));
}
// The engine keeps the process alive.
process.stdout.write(JSON.stringify({ manifests: manifests.join('\n---\n'), errors }), () => process.exit(0));
