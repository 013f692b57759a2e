import { describe, test } from 'node:test';
import { type BlobStoreSubject, watch } from './blob-scenario.ts';
import { commitScenarios } from './commit-scenarios.ts';
import { failureScenarios } from './failure-scenarios.ts';
import { readScenarios } from './read-scenarios.ts';
import { resumeScenarios } from './resume-scenarios.ts';
import { walkScenarios } from './walk-scenarios.ts';

/**
 * What every blob store promises, as tests. `open` makes a store on empty data for each of them; a test that leaves
 * staged bytes behind fails.
 */
export function describeBlobStore(name: string, { open }: { readonly open: () => Promise<BlobStoreSubject> }): void {
  void describe(name, () => {
    for (const scenario of [
      ...commitScenarios,
      ...resumeScenarios,
      ...failureScenarios,
      ...readScenarios,
      ...walkScenarios,
    ]) {
      void test(scenario.name, async () => {
        await using subject = await open();
        const watched = watch(subject);
        await scenario.run(watched);
        await watched.assertNoLitter();
      });
    }
  });
}
