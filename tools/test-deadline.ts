// Preloaded into every test file by tools/run-tests.ts: a file that does not end in time says what holds it, and fails.
const seconds = Number(process.env['ENTREPOT_TEST_DEADLINE'] ?? 0);

// The runner's own process preloads this too; it carries no test file and may take as long as all of them.
if (seconds > 0 && process.env['NODE_TEST_CONTEXT'] !== undefined) {
  setTimeout(() => {
    const holding = process.getActiveResourcesInfo().filter((name) => name !== 'Immediate');
    console.error(`${process.argv[1]} did not end within ${seconds} s; still open: ${holding.join(', ') || 'nothing'}`);
    process.exit(1);
  }, seconds * 1000).unref();
}
