/** What the centre's answers say to a browser. */

import { must } from "../check.js";

/** @import { Check } from "../check.js" */

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
];
