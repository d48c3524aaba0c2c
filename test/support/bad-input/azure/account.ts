/** What stands in `${secret:…}`. */
export const SECRETS = { key: "example-secret", other: "another-secret" };
export const KEY = { id: SECRETS.key, secret: SECRETS.key, facts: {} };
