export function mebibytes(bytes: number): string {
  if (bytes < 50 * 1024) return `${Math.round(bytes)} bytes`
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
