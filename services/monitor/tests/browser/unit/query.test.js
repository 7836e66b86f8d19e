/** A curve's query: from an address and back, and which step it asks for. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatQuery, parseQuery, stepFor, unitOf } from "../../../web/js/query.js";

const HOUR_S = 3600;
const DAY_S = 86_400;
const NOW = 1_800_000_000;

test("an address says all of a query", () => {
  const address =
    "name=rpc_server_calls&labels=service%3Aa%2Cmethod%3Ab&value=p99&by=host&from=100&to=5000&overlay=yesterday%2Clastweek&threshold=60000";
  assert.equal(formatQuery(parseQuery(new URLSearchParams(address))).toString(), address);
});

test("nonsense becomes what is usual", () => {
  const query = parseQuery(new URLSearchParams("name=x&value=nonsense&from=9&to=3&range=-5&overlay=tomorrow&threshold=high"));
  assert.deepEqual(query, {
    name: "x",
    labels: {},
    value: "avg",
    by: "all",
    range: { last_s: HOUR_S },
    overlays: [],
    threshold: null,
  });
});

test("a step is small enough to see and large enough to draw", () => {
  const step = (/** @type {number} */ span_s) => stepFor({ from: NOW - span_s, to: NOW }, [], NOW);
  assert.deepEqual([900, HOUR_S, 6 * HOUR_S, DAY_S, 7 * DAY_S, 15 * DAY_S].map(step), [10, 10, 60, 300, 1800, 3600]);
});

test("no step is finer than what is kept of its oldest point", () => {
  const at = (/** @type {number} */ ago_s) => ({ from: NOW - ago_s, to: NOW - ago_s + 900 });
  assert.equal(stepFor(at(3 * DAY_S), [], NOW), 60);
  assert.equal(stepFor(at(20 * DAY_S), [], NOW), 3600);
  assert.equal(stepFor(at(900), ["lastweek"], NOW), 60);
  assert.equal(stepFor(at(900), ["yesterday"], NOW), 10);
});

test("a value has its own unit", () => {
  assert.equal(unitOf("bytes", "counter", "rate"), "bytes/s");
  assert.equal(unitOf("microseconds", "histogram", "rate"), "/s");
  assert.equal(unitOf("microseconds", "histogram", "p99"), "microseconds");
});
