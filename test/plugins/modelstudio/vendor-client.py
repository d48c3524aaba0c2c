"""Drives the vendor's own library, unmodified, against gateways of ours, and prints what it was told as JSON."""

import base64
import json
import sys
import threading

import dashscope
from dashscope.audio.asr import (
    Recognition,
    RecognitionCallback,
    TranslationRecognizerCallback,
    TranslationRecognizerRealtime,
    VocabularyService,
)
from dashscope.audio.qwen_omni import MultiModality, OmniRealtimeCallback, OmniRealtimeConversation
from dashscope.audio.qwen_omni.omni_realtime import TranscriptionParams
from dashscope.audio.qwen_tts_realtime import AudioFormat as QwenFormat
from dashscope.audio.qwen_tts_realtime import QwenTtsRealtime, QwenTtsRealtimeCallback
from dashscope.audio.tts import SpeechSynthesizer as Sambert
from dashscope.audio.tts_v2 import AudioFormat, SpeechSynthesizer

HEARS, SPEAKS, KEY = sys.argv[1:4]
PIECES = [bytes(3200)] * 20  # two seconds of silence
told = {name: [] for name in ("recognition", "translation", "heard", "spoken")}
dashscope.api_key = KEY


def at(place):
    dashscope.base_websocket_api_url = f"ws://{place}/api-ws/v1/inference"
    dashscope.base_http_api_url = f"http://{place}/api/v1"


class Recognised(RecognitionCallback):
    def on_event(self, result):
        sentence = result.get_sentence()
        if sentence["end_time"] is not None:
            told["recognition"].append(sentence["text"])

    def on_complete(self):
        told["recognition"].append("complete")


class Translated(TranslationRecognizerCallback):
    def on_event(self, request_id, transcription, translation, usage):
        for text in (transcription, translation and translation.get_translation("es")):
            if text is not None and text.is_sentence_end:
                told["translation"].append(text.text)

    def on_complete(self):
        told["translation"].append("complete")


class Ended:
    def __init__(self):
        self.ended = threading.Event()


class Heard(Ended, OmniRealtimeCallback):
    def on_event(self, event):
        if event["type"].endswith("transcription.completed"):
            told["heard"].append(event["transcript"])
        if event["type"] in ("session.finished", "error"):
            told["heard"].append(event["type"])
            self.ended.set()


class Spoken(Ended, QwenTtsRealtimeCallback):
    def on_event(self, event):
        if event["type"] == "response.audio.delta":
            told["spoken"].append(len(base64.b64decode(event["delta"])))
        if event["type"] in ("session.finished", "error"):
            self.ended.set()


at(HEARS)
recognition = Recognition(
    model="paraformer-realtime-v2", format="pcm", sample_rate=16000, callback=Recognised()
)
translation = TranslationRecognizerRealtime(
    model="gummy-realtime-v1",
    format="pcm",
    sample_rate=16000,
    transcription_enabled=True,
    translation_enabled=True,
    translation_target_languages=["es"],
    callback=Translated(),
)
for recogniser in (recognition, translation):
    recogniser.start()
    for piece in PIECES:
        recogniser.send_audio_frame(piece)
    recogniser.stop()

heard = Heard()
conversation = OmniRealtimeConversation(
    model="qwen3-asr-flash-realtime", callback=heard, url=f"ws://{HEARS}/api-ws/v1/realtime"
)
conversation.connect()
conversation.update_session(
    output_modalities=[MultiModality.TEXT],
    enable_turn_detection=True,
    enable_input_audio_transcription=True,
    transcription_params=TranscriptionParams(language="en", sample_rate=16000, input_audio_format="pcm"),
)
for piece in PIECES:
    conversation.append_audio(base64.b64encode(piece).decode())
conversation.end_session(timeout=20)
heard.ended.wait(20)
conversation.close()

lists = VocabularyService()
made = lists.create_vocabulary(
    target_model="paraformer-realtime-v2", prefix="example", vocabulary=[{"text": "Gummy", "weight": 4}]
)
told["lists"] = len(lists.list_vocabularies(prefix="example"))
lists.delete_vocabulary(made)
told["left"] = len(lists.list_vocabularies(prefix="example"))

at(SPEAKS)
cosyvoice = SpeechSynthesizer(
    model="cosyvoice-v2", voice="any", format=AudioFormat.PCM_16000HZ_MONO_16BIT
)
told["cosyvoice"] = len(cosyvoice.call("Hello."))
unchosen = SpeechSynthesizer(model="cosyvoice-v2", voice="any").call("Hello.")
told["unchosen"] = unchosen[:2].hex()
sambert = Sambert.call(model="sambert-zhichu-v1", text="Hello.", sample_rate=16000, format="wav")
told["sambert"] = len(sambert.get_audio_data())

spoken = Spoken()
speech = QwenTtsRealtime(
    model="qwen3-tts-flash-realtime", callback=spoken, url=f"ws://{SPEAKS}/api-ws/v1/realtime"
)
speech.connect()
speech.update_session(
    voice="any", response_format=QwenFormat.PCM_24000HZ_MONO_16BIT, mode="server_commit"
)
speech.append_text("Hello.")
speech.finish()
spoken.ended.wait(20)
speech.close()
told["spoken"] = sum(told["spoken"])

print(json.dumps(told))
