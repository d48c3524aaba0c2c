/** What stands in `${secret:…}`. */
export const SECRETS = {
  token: "example-key.example-secret",
  secret: "example-secret",
  other: "another-secret",
};
export const APPKEY = "example-appkey";
export const KEY = { id: "example-key", secret: SECRETS.secret, facts: { appkey: APPKEY } };
