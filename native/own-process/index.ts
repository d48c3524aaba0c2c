export { OwnProcess, type OwnProcessSpec } from "./own-process.ts";
export { type Handler, serveRequests } from "./serve.ts";
