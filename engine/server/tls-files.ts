import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { resolve } from "node:path";
import { EngineError } from "#engine/errors";
import type { TlsTexts } from "#engine/plugin";

/**
 * Reads a certificate and its key. The runtime says of a pair that does not hold only that it cannot listen, so it is looked at here.
 * @param where of the configuration, for messages, such as `listen.tls`.
 * @throws EngineError FILE_NOT_FOUND, FILE_UNREADABLE; CONFIG_INVALID where they are no certificate and the key to it.
 */
export async function readTls(
  { cert, key }: { readonly cert: string; readonly key: string },
  cwd: string,
  where: string,
): Promise<TlsTexts> {
  const texts = {
    cert: await read(resolve(cwd, cert), `${where}.cert: ${cert}`),
    key: await read(resolve(cwd, key), `${where}.key: ${key}`),
  };
  const certificate = certificateOf(texts.cert, `${where}.cert: ${cert}`);
  if (!certificate.checkPrivateKey(keyOf(texts.key, `${where}.key: ${key}`)))
    throw new EngineError("CONFIG_INVALID", `${where}.key: ${key} is not the key to the first certificate of ${cert}`);
  return texts;
}

async function read(path: string, what: string): Promise<string> {
  try {
    return await Bun.file(path).text();
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    if (code === "ENOENT") throw new EngineError("FILE_NOT_FOUND", `${what}: no such file`, { cause });
    throw new EngineError("FILE_UNREADABLE", `${what} cannot be read: ${code}`, { cause });
  }
}

function certificateOf(text: string, what: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new EngineError("CONFIG_INVALID", `${what} holds no certificate; PEM was wanted: BEGIN CERTIFICATE`, {
      cause,
    });
  }
}

/** Nobody is there to type a passphrase. */
function keyOf(text: string, what: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    const locked = cause instanceof Error && "code" in cause && cause.code === "ERR_MISSING_PASSPHRASE";
    const found = locked ? "asks for a passphrase" : "holds no private key";
    throw new EngineError(
      "CONFIG_INVALID",
      `${what} ${found}; PEM without a passphrase was wanted: BEGIN PRIVATE KEY`,
      {
        cause,
      },
    );
  }
}
