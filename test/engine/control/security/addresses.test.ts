import { expect, test } from "bun:test";
import { isListedHost, isPublicAddress } from "../../../../engine/control/security/addresses.ts";

test.each([
  "127.0.0.1",
  "127.255.0.3",
  "10.1.2.3",
  "172.16.0.1",
  "172.31.255.255",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "192.0.2.1",
  "198.18.0.1",
  "::1",
  "::",
  "fe80::1",
  "fc00::1",
  "fd12::1",
  "ff02::1",
  "::ffff:10.0.0.1",
  "::ffff:7f00:1",
  "64:ff9b::a00:1",
  "64:ff9b:1::1",
  "::127.0.0.1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2001::1",
  "not an address",
  "",
])("%s is not public", (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each([
  "8.8.8.8",
  "1.1.1.1",
  "172.15.0.1",
  "172.32.0.1",
  "100.63.0.1",
  "100.128.0.1",
  "192.167.0.1",
  "223.255.255.255",
  "2606:4700::1111",
  "2a00:1450:4001::8a",
  "::ffff:8.8.8.8",
  "64:ff9b::808:808",
])("%s is public", (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

test("hosts are listed by name, or all below one", () => {
  expect(isListedHost("api.example.com", ["*.example.com"])).toBe(true);
  expect(isListedHost("API.example.com", ["api.EXAMPLE.com"])).toBe(true);
  expect(isListedHost("example.com", ["*.example.com"])).toBe(false);
  expect(isListedHost("evilexample.com", ["*.example.com"])).toBe(false);
  expect(isListedHost("api.example.com.evil.net", ["*.example.com", "api.example.com"])).toBe(false);
});
