/** The worst first. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { worseMethod } from "../../../web/js/health.js";

const well = {
  service: "s",
  side: "server",
  qps: 100,
  success: 1,
  p50_us: 1,
  p99_us: 1000,
  queue_us: 10,
  rejected: 0,
  retries: 0,
  hedges: 0,
  query: "",
};

test("trouble before size, many failures before few, slow before fast", () => {
  const methods = [
    { ...well, method: "fast" },
    { ...well, method: "slow", p99_us: 90_000 },
    { ...well, method: "fails", success: 0.98, qps: 2 },
    { ...well, method: "fails often", success: 0.98, qps: 2000 },
    { ...well, method: "queues", queue_us: 15_000 },
    { ...well, method: "idle", qps: 0, success: 0, p99_us: null },
  ];
  const order = methods.sort(worseMethod).map(({ method }) => method);
  assert.deepEqual(order, ["fails often", "fails", "queues", "slow", "fast", "idle"]);
});
