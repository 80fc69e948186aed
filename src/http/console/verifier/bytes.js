// Bytes as they are joined, written and compared.

export function ascii(text) {
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < bytes.length; n += 1) bytes[n] = text.charCodeAt(n);
  return bytes;
}

export function joined(...parts) {
  let size = 0;
  for (let n = 0; n < parts.length; n += 1) size += parts[n].length;
  const whole = new Uint8Array(size);
  for (let n = 0, at = 0; n < parts.length; n += 1) {
    whole.set(parts[n], at);
    at += parts[n].length;
  }
  return whole;
}

// A whole number as so many bytes, the highest first.
export function bigEndian(number, size) {
  const bytes = new Uint8Array(size);
  for (let at = size - 1, rest = BigInt(number); at >= 0; at -= 1, rest >>= 8n) {
    bytes[at] = Number(rest & 0xffn);
  }
  return bytes;
}

export const hexOf = (bytes) => (
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(""));

export const bytesOf = (hex) => (
  Uint8Array.from({ length: hex.length / 2 }, (_, n) => parseInt(hex.slice(2 * n, 2 * n + 2), 16)));

export const same = (one, other) => (
  one.length === other.length && one.every((byte, n) => byte === other[n]));
