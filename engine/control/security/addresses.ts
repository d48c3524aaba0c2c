import { isIP } from "node:net";

/** Networks that no URL from outside may lead into: private, link-local, loopback, shared, documentation, multicast and reserved ones. */
const CLOSED_V4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
];

/** Of IPv6 only global unicast is open, without what stands for something else: documentation, Teredo, 6to4. */
const CLOSED_V6: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

/** Whether an address, without brackets or zone, belongs to the public internet. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 4) return !CLOSED_V4.some(([network, bits]) => inNetwork(v4(address), v4(network), bits, 32));
  if (version !== 6) return false;
  const value = v6(address);
  const mapped = value >> 32n;
  // an IPv4 address in another dress: mapped, or translated by NAT64
  if (mapped === 0xffffn || mapped === 0x64ff9bn << 64n) return isPublicAddress(dotted(value & 0xffffffffn));
  if (!inNetwork(value, v6("2000::"), 3, 128)) return false;
  return !CLOSED_V6.some(([network, bits]) => inNetwork(value, v6(network), bits, 128));
}

const inNetwork = (address: bigint, network: bigint, bits: number, length: number): boolean =>
  address >> BigInt(length - bits) === network >> BigInt(length - bits);

const v4 = (address: string): bigint => address.split(".").reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);

const dotted = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");

function v6(address: string): bigint {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const plain = embedded ? `${embedded[1]}${hex(v4(embedded[2]!) >> 16n)}:${hex(v4(embedded[2]!) & 0xffffn)}` : address;
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((sum, part) => (sum << 16n) | BigInt(`0x${part}`), 0n);
}

const hex = (value: bigint): string => value.toString(16);

/** Whether a host is one of those listed: by name, or below `*.name`. */
export const isListedHost = (host: string, listed: readonly string[]): boolean =>
  listed.some((each) =>
    each.startsWith("*.")
      ? host.toLowerCase().endsWith(each.slice(1).toLowerCase())
      : host.toLowerCase() === each.toLowerCase(),
  );
