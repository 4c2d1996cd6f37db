// graphile-worker as a peer: setup | load N | drain. See __init__.py.
const { Logger, makeWorkerUtils, run } = require("graphile-worker");

const [what, count] = process.argv.slice(2);
const connectionString = process.env.DATABASE_URL;
const logger = new Logger(() => () => {});

async function withUtils(work) {
  const utils = await makeWorkerUtils({ connectionString, logger });
  await work(utils);
  await utils.release();
}

const load = (utils) =>
  utils.withPgClient((client) =>
    client.query(
      `select graphile_worker.add_jobs(array(
         select row('noop', '{"a": 1}'::json, null, null, null, null, null, null)
           ::graphile_worker.job_spec
         from generate_series(1, $1::int)))`,
      [Number(count)],
    ),
  );

async function drain() {
  let done = 0;
  console.log("ready");
  await new Promise((go) => process.stdin.once("data", go));
  setInterval(() => console.log(done), 10);
  const runner = await run({
    logger,
    noHandleSignals: true,
    preset: {
      worker: {
        connectionString,
        pollInterval: 200,
        concurrentJobs: 24,
        maxPoolSize: 12,
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    taskList: { noop: async () => { done += 1; } },
  });
  await runner.promise;
}

const main = {
  setup: () => withUtils((utils) => utils.migrate()),
  load: () => withUtils(load),
  drain,
};

main[what]().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
