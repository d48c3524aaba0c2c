import { typesWithTones } from "#test/service-workflows";
import { vendorService } from "#test/vendor-service";
import { gateway } from "../../../plugins/aliyun/gateway.ts";

/** The key of the emulator, in the form of a token and of a key that makes tokens. */
export const KEY = { id: "example-key", secret: "example-secret", facts: { appkey: "example-appkey" } };
export const TOKEN = `${KEY.id}.${KEY.secret}`;

/** What every config of a test has. */
export const ACCESS = { url: "ws://nls.test/ws/v1", appkey: "example-appkey", token: TOKEN };
export const KEYED = {
  url: ACCESS.url,
  appkey: ACCESS.appkey,
  tokenUrl: "http://nls.test/",
  accessKeyId: KEY.id,
  accessKeySecret: KEY.secret,
};

export const HOST = "nls.test:80";

export const { openService, withService, served } = vendorService({
  gateway,
  web: HOST,
  types: typesWithTones(),
  keys: [KEY],
  access: ACCESS,
});
