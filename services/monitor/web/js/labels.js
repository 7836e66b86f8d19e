/**
 * Labels as the API and addresses write them: `service:im.message.Message,method:Send`. What would be taken for a mark of this
 * notation (`%`, `,`, `:`) is percent-encoded in names and values, so that any label survives the way there and back.
 */

/**
 * @param {Record<string, string>} labels
 * @returns {string}
 */
export function formatLabels(labels) {
  return Object.entries(labels)
    .map(([name, value]) => `${encode(name)}:${encode(value)}`)
    .join(",");
}

/**
 * @param {string} text
 * @returns {Record<string, string>}
 */
export function parseLabels(text) {
  /** @type {Record<string, string>} */
  const labels = {};
  for (const pair of text.split(",")) {
    const colon = pair.indexOf(":");
    if (colon > 0) labels[decode(pair.slice(0, colon))] = decode(pair.slice(colon + 1));
  }
  return labels;
}

/**
 * For reading: `service=im.message.Message method=Send`.
 *
 * @param {Record<string, string>} labels
 * @returns {string}
 */
export function labelText(labels) {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
}

/** @param {string} text */
function encode(text) {
  return text.replace(/[%,:]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** @param {string} text */
function decode(text) {
  return text.replace(/%(25|2C|3A)/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
}
