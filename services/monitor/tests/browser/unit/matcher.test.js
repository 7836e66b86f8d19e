/** What a silence would hold. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { matches } from "../../../web/js/alarms/matcher.js";

const alarm = { rule: "slow", severity: /** @type {const} */ ("critical"), labels: { host: "a" } };

test("every label must be there; rule and severity are labels", () => {
  assert.ok(matches({ host: "a", rule: "slow", severity: "critical" }, alarm));
  assert.ok(!matches({ host: "b" }, alarm));
  assert.ok(!matches({ host: "a", zone: "1" }, alarm));
});

test("nothing matches nothing, and no property of objects is a label", () => {
  assert.ok(!matches({}, alarm));
  assert.ok(!matches({ toString: "function" }, alarm));
});
