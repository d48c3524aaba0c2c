/** The made-up account of the vendor's vectors, and what stands in `${secret:…}`. */
export const APP_ID = "1250000000";
export const SECRETS = {
  id: "tc-test-secret-id",
  key: "tc-test-secret-key-0123456789",
  otherId: "tc-another-secret-id",
  otherKey: "tc-another-secret-key",
};
export const KEY = { id: SECRETS.id, secret: SECRETS.key, facts: { appid: APP_ID } };
