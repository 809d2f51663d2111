/** A host as it is compared: in lower case, without the brackets of IPv6 and the dot of a full name. */
export function bareName(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
}
