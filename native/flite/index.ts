export { FLITE_RATE_HZ, FLITE_VOICES, Flite, type FliteVoice, findFlite } from "./flite.ts";
