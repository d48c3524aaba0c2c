export { type AudioLibrary, openAudioLibrary } from "./binding.ts";
export { audioLibrary } from "./build.ts";
export { type Filter, type Law, NativeAudio, nativeAudio, type Way, type Window } from "./native-audio.ts";
