/** Both languages say the same. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { en } from "../../../web/js/words/en.js";
import { zh } from "../../../web/js/words/zh.js";

/** @param {string} text */
function holes(text) {
  return [...text.matchAll(/\{\w+\}/g)].map(String).sort();
}

test("every word has its translation with the same values in it", () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  for (const [word, text] of Object.entries(en)) {
    assert.deepEqual(holes(zh[/** @type {keyof typeof en} */ (word)]), holes(text), word);
  }
});
