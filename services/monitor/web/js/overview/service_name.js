/** Names of services, short enough for a table and a box. */

/**
 * Without its package: `im.message.Message` is `Message`.
 *
 * @param {string} service
 */
export function shortService(service) {
  return service.slice(service.lastIndexOf(".") + 1);
}
