/** The vendored files are the ones whose sums their README gives. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const FOLDER = new URL("../../../web/vendor/uplot/", import.meta.url);

test("uPlot is as published", async () => {
  const readme = await readFile(new URL("README.md", FOLDER), "utf8");
  const rows = [...readme.matchAll(/^\| `([^`]+)` \| `([0-9a-f]{64})` \|$/gm)];
  assert.equal(rows.length, 3);
  for (const [, name = "", sum] of rows) {
    const bytes = await readFile(new URL(name, FOLDER));
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sum, name);
  }
});
