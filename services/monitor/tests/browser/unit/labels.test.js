/** Labels go to an address and come back as they were. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { formatLabels, parseLabels } from "../../../web/js/labels.js";

test("plain labels are written plainly", () => {
  assert.equal(formatLabels({ service: "im.message.Message", method: "Send" }), "service:im.message.Message,method:Send");
});

test("whatever a label holds comes back", () => {
  const labels = { "a:b": "c,d", e: "50 %", f: "x:y", g: "%2C", h: "<script>alert(1)</script>" };
  assert.deepEqual(parseLabels(formatLabels(labels)), labels);
});

test("what is no pair is left out", () => {
  assert.deepEqual(parseLabels("a:1,,b,:c"), { a: "1" });
});
