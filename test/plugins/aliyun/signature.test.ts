import { expect, test } from "bun:test";
import { covers } from "#test/covers";
import {
  canonicalQuery,
  percentEncode,
  signCall,
  stringToSign,
  timestampOf,
  tokenParameters,
} from "../../../plugins/aliyun/token/signature.ts";

/** The vendor's own example of a call. */
const example = tokenParameters({
  accessKeyId: "my_access_key_id",
  nonce: "b924c8c3-6d03-4c5d-ad36-d984d3116788",
  timestamp: "2019-04-18T08:32:31Z",
  regionId: "cn-shanghai",
});

test("the parameters of the vendor's example are sorted, encoded and joined as it shows", () => {
  covers("A7");
  expect(canonicalQuery(example)).toBe(
    "AccessKeyId=my_access_key_id&Action=CreateToken&Format=JSON&RegionId=cn-shanghai&SignatureMethod=HMAC-SHA1" +
      "&SignatureNonce=b924c8c3-6d03-4c5d-ad36-d984d3116788&SignatureVersion=1.0&Timestamp=2019-04-18T08%3A32%3A31Z" +
      "&Version=2019-02-28",
  );
  expect(stringToSign("GET", canonicalQuery(example))).toBe(
    "GET&%2F&AccessKeyId%3Dmy_access_key_id%26Action%3DCreateToken%26Format%3DJSON%26RegionId%3Dcn-shanghai" +
      "%26SignatureMethod%3DHMAC-SHA1%26SignatureNonce%3Db924c8c3-6d03-4c5d-ad36-d984d3116788%26SignatureVersion%3D1.0" +
      "%26Timestamp%3D2019-04-18T08%253A32%253A31Z%26Version%3D2019-02-28",
  );
});

test.each([
  { method: "GET", signature: "hHq4yNsPitlfDJ2L0nQPdugdEzM=" },
  { method: "POST", signature: "X4/yeE8FUchC5Wv7AZJybEuDWzw=" },
] as const)("the signature of the example by $method is $signature", ({ method, signature }) => {
  covers("A7");
  const call = signCall(method, example, "my_access_key_secret");
  expect(call.signature).toBe(signature);
  expect(call.query).toBe(`${canonicalQuery(example)}&Signature=${percentEncode(signature)}`);
});

test("characters that have a meaning in addresses are signed encoded", () => {
  covers("A7");
  const parameters = tokenParameters({
    accessKeyId: "AK test*~+/",
    nonce: "00000000-0000-4000-8000-000000000001",
    timestamp: "2026-01-02T03:04:05Z",
    regionId: "cn-shanghai",
  });
  expect(canonicalQuery(parameters)).toStartWith("AccessKeyId=AK%20test%2A~%2B%2F&Action=CreateToken&Format=JSON&");
  expect(signCall("POST", parameters, "secret with space").signature).toBe("Lv8tlIdF9pWgZdiSBLJ8Q/cEgY4=");
});

test.each([
  ["AZaz09-_.~", "AZaz09-_.~"],
  [" *+/", "%20%2A%2B%2F"],
  ["!'()", "%21%27%28%29"],
  ["é你", "%C3%A9%E4%BD%A0"],
])("%j is percent-encoded as %s", (text, encoded) => {
  expect(percentEncode(text)).toBe(encoded);
});

test("temporary credentials add their security token, a region only where one is named", () => {
  const more = tokenParameters({ accessKeyId: "k", nonce: "n", timestamp: "t", securityToken: "sts" });
  expect(more.SecurityToken).toBe("sts");
  expect(more).not.toHaveProperty("RegionId");
  expect(example).not.toHaveProperty("SecurityToken");
});

test("a time is written in whole seconds of UTC", () => {
  expect(timestampOf(Date.UTC(2026, 0, 2, 3, 4, 5, 987))).toBe("2026-01-02T03:04:05Z");
});
