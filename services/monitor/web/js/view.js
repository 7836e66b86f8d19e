/**
 * What a page is to the rest: an element, and what to do when its address changes.
 *
 * @typedef {Object} View
 * @property {HTMLElement} element
 * @property {() => string} title  of the window, before the product's name; empty for none
 * @property {(params: URLSearchParams) => void} route  called once shown, and whenever the address changed within this page
 * @property {(key: string) => boolean} [key]  a key pressed outside of inputs; true when it meant something
 * @property {() => void} destroy
 */

export {};
