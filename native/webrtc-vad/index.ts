export { DETECTOR_FLAGS, detectorLibrary, packagedSourceDir, packagedSources } from "./build.ts";
export {
  type Aggressiveness,
  type BackendName,
  best as openBestBackend,
  type DetectorBackend,
  type DetectorFound,
  detectorBackend,
  findDetector,
  WebRtcVad,
} from "./detector.ts";
