// canary: conventions a focused test hides the others
import { test } from 'node:test';

test.only('alone', () => undefined);
