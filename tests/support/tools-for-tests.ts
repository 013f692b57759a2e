// Installs, at once and before the clock of any test runs, the system tools that the tests ask for; says what it could not.
import { needTools, toolsOfTests } from './system-tool.ts';

const reason = await needTools(toolsOfTests);
console.log(reason === undefined ? 'Every system tool of the tests is here.' : `Some tests will be skipped: ${reason}`);
