/** What stands in `${secret:…}`. */
export const SECRETS = { key: "example-key.example-secret", other: "another-key.another-secret" };
export const KEY = { id: "example-key", secret: "example-secret", facts: {} };
