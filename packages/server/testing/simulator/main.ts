// One process of `npm run torture -- --schedules N`, and the replay of a schedule by its seed.
import { parseArgs } from 'node:util';
import { replay, ScheduleFailed, simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '0' },
    schedules: { type: 'string', default: '1000' },
    database: { type: 'string' },
    replay: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

if (values.replay) {
  const failure = await replay(seed, (line, schedule) => console.log(`${schedule} ${line}`));
  console.log(failure === undefined ? 'Everything held.' : failure);
  process.exitCode = failure === undefined ? 0 : 1;
} else {
  try {
    const result = await simulate({
      seed,
      schedules: Number(values.schedules),
      ...(values.database === undefined ? {} : { database: values.database }),
      report(done) {
        if (done % 5000 === 0) console.error(`${done} schedules from ${seed} on, nothing lost`);
      },
    });
    console.log(JSON.stringify(result));
  } catch (error) {
    if (error instanceof ScheduleFailed) console.error([...error.lines, error.message].join('\n'));
    else console.error(error);
    process.exitCode = 1;
  }
}
