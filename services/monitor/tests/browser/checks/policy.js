/** What the centre's answers say to a browser. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */

const NAMED = /(?:src|href)="(\/web\/[^"]+)"|(?:from|import) "(\.{1,2}\/[^"]+)"/g;

/**
 * Asks for all that a file of the page names, and for what that names, and so on.
 *
 * @param {string} url
 * @param {Map<string, number>} seen  statuses by address
 */
async function walk(url, seen) {
  if (seen.has(url)) return;
  const response = await fetch(url);
  seen.set(url, response.status);
  const text = await response.text();
  const named = [...text.matchAll(NAMED)].map(([, absolute, relative]) => new URL(absolute ?? relative ?? "", url).href);
  for (const next of named) await walk(next, seen);
}

/** @type {Check[]} */
export const policy = [
  {
    name: "the content policy is strict",
    async run({ given }) {
      const response = await fetch(`${given.url}/`);
      const csp = response.headers.get("content-security-policy") ?? "";
      must(/default-src 'self'/.test(csp), `content-security-policy is "${csp}"`);
      must(!/unsafe-|\*|https?:/.test(csp), `content-security-policy is "${csp}"`);
      must(response.headers.get("x-content-type-options") === "nosniff", "nosniff is missing");
    },
  },
  {
    name: "every file that the page names is served",
    vital: true,
    async run({ given }) {
      /** @type {Map<string, number>} */
      const seen = new Map();
      await walk(`${given.url}/`, seen);
      const missing = [...seen].filter(([, status]) => status !== 200).map(([url]) => url);
      must(missing.length === 0, `missing: ${missing.join(" ")}`);
      must(seen.size > 50, `only ${seen.size} files are named`);
    },
  },
];
