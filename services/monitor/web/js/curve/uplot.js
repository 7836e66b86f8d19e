/** The vendored chart, which a classic script of `index.html` has put into the global scope before any module runs. */

/** @type {any} */
export const uPlot = /** @type {any} */ (globalThis).uPlot;
