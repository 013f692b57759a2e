// canary: conventions a skipped test says why
import { test } from 'node:test';

test('not today', { skip: true }, () => undefined);
