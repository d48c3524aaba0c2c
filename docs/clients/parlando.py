"""A client for a Parlando server in one file, on Python's standard library alone (3.9 or newer).

    from parlando import Parlando

    server = Parlando("http://127.0.0.1:7700")
    print(server.transcribe("recording.wav")["text"])
    open("hello.wav", "wb").write(server.speak("hello there"))

    with server.start({"workflow": "meeting", "inputs": {"talk": Parlando.audio(16000)}}) as call:
        call.send("talk", pcm)            # bytes: signed 16 bit, little-endian
        call.end()
        for event in call.events():
            if event["type"] == "text.final":
                print(event["data"]["text"])

As a program:  python3 parlando.py transcribe recording.wav  |  speak "some words" out.wav  |  live recording.wav WORKFLOW

A live call connects again when its connection is lost, sends again what the server had not received, and tells no event twice.
It is meant for one thread that sends and reads in turn; `events()` reads until the run has ended.
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

__all__ = ["Parlando", "ParlandoError", "Live"]

HEADER = struct.Struct("<BBBBIQII")  # mark, track, encoding, channels, rate, first sample, generation, 0
BYTES_PER_SAMPLE = {"s16le": 2, "mulaw": 1, "alaw": 1}
PIECE_BYTES = 32 * 1024
RETRYABLE = {408, 425, 429, 500, 502, 503, 504}


class ParlandoError(Exception):
    """What the server answered. `code` is stable; `status` is the HTTP status, 0 where there was no answer."""

    def __init__(self, code, message, status=0, problem=None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status
        self.problem = problem or {}


class Parlando:
    def __init__(self, url="http://127.0.0.1:7700", key=None, timeout=300):
        self.url = url.rstrip("/")
        self.key = key
        self.timeout = timeout

    @staticmethod
    def audio(rate, channels=1, encoding="s16le"):
        """What an input is bound to that is going to be sent live."""
        return {"live": {"encoding": encoding, "sampleRateHz": rate, "channels": channels}}

    def transcribe(self, recording, workflow=None, params=None):
        """A recording in (a path, bytes, or an https address), its text out: {"text", "finals", "run"}."""
        query = self._choice(workflow, params)
        if isinstance(recording, str) and recording.startswith(("http://", "https://")):
            return self.call("POST", "/v1/transcribe", query=query, json_body={"url": recording})
        if isinstance(recording, (str, os.PathLike)):
            with open(recording, "rb") as file:
                return self.call("POST", "/v1/transcribe", query=query, body=file.read())
        return self.call("POST", "/v1/transcribe", query=query, body=bytes(recording))

    def speak(self, text, workflow=None, params=None, language=None):
        """A text in, a WAV out, as bytes."""
        body = {"text": text}
        if language is not None:
            body["language"] = language
        with self.open("POST", "/v1/speak", query=self._choice(workflow, params), json_body=body) as answer:
            return answer.read()

    def start(self, request, after=0, **options):
        """Starts a run and joins it. Options: audio, outputs, partials, encoding."""
        run = self._start_patiently(request, time.monotonic() + 10)
        sends = any("live" in binding for binding in request.get("inputs", {}).values())
        return Live(self, run["id"], after=after, sends=sends, **options)

    def join(self, run, **options):
        """Joins a run that goes on. Options: after, sends, audio, outputs, partials, encoding."""
        return Live(self, run, **options)

    def events(self, run, after=0):
        """The events of a run over HTTP, until it ends."""
        while True:
            headers = {"last-event-id": str(after)}
            with self.open("GET", f"/v1/runs/{quote(run)}/events", headers=headers) as answer:
                if answer.status == 204:
                    return
                for event in _read_events(answer):
                    after = event.get("id", after)
                    yield event
                    if event["type"] == "run.ended":
                        return

    def call(self, method, path, query=None, json_body=None, body=None, headers=None):
        """One request; the JSON of its answer, or None. Raises ParlandoError."""
        with self.open(method, path, query, json_body, body, headers) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def open(self, method, path, query=None, json_body=None, body=None, headers=None):
        headers = dict(headers or {})
        if self.key is not None:
            headers["authorization"] = f"Bearer {self.key}"
        if json_body is not None:
            body = json.dumps(json_body).encode()
            headers["content-type"] = "application/json"
        elif body is not None:
            headers.setdefault("content-type", "application/octet-stream")
        url = self.url + path + ("?" + urllib.parse.urlencode(query) if query else "")
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=self.timeout)
        except urllib.error.HTTPError as error:
            raise _problem(error.read(), error.code) from None
        except (urllib.error.URLError, OSError) as error:
            raise ParlandoError("UNREACHABLE", f"{self.url} could not be reached: {getattr(error, 'reason', error)}") from error

    def _start_patiently(self, request, deadline):
        """A server that is busy is asked again for a while; the key makes sure that one run comes of it."""
        headers = {"idempotency-key": str(uuid.uuid4())}
        while True:
            try:
                return self.call("POST", "/v1/runs", json_body=request, headers=headers)
            except ParlandoError as error:
                wait = error.problem.get("retryAfterMs", 1000) / 1000
                if error.code != "SERVER_BUSY" or time.monotonic() + wait > deadline:
                    raise
                time.sleep(wait)

    @staticmethod
    def _choice(workflow, params):
        query = [("param", f"{name}:{value}") for name, value in (params or {}).items()]
        return query + ([("workflow", workflow)] if workflow is not None else [])


class Live:
    """One run, live."""

    def __init__(self, server, run, after=None, sends=False, reconnect_seconds=60, **options):
        self.server = server
        self.run = run
        self.last_id = after
        self.on_audio = None  # called with (track, first sample, rate, channels, bytes)
        self._options = dict(options, sends=sends)
        self._reconnect_seconds = reconnect_seconds
        self._held = {}  # by track: what is not known to be safe
        self._socket = None
        self._outputs = []
        self._finished = False
        self._waiting = []
        self._connect()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, track, data):
        """Audio for a track, in chunks of any length."""
        held = self._live(track)
        if not held.closed:
            held.held.extend(data)
        self._pump()

    def text(self, track, text, language=None):
        """A finished text for a track of texts."""
        message = {"type": "text", "track": track, "text": text}
        if language is not None:
            message["language"] = language
        held = self._live(track)
        if not held.closed:
            held.texts.append(message)
        self._pump()

    def end(self, track=None):
        """No more will come on the track; on all where it is left out."""
        for name in [track] if track is not None else list(self._held):
            self._live(name).ended = True
        self._pump()

    def flush(self):
        self._say({"type": "flush"})

    def events(self):
        """The events of the run, until it has ended."""
        while True:
            while self._waiting:
                yield self._waiting.pop(0)
            if self._finished:
                return
            self._read_one()

    def close(self):
        self._finished = True
        if self._socket:
            self._socket.close(1000)
            self._socket = None

    # connecting

    def _connect(self):
        deadline = time.monotonic() + self._reconnect_seconds
        wait = 0.2
        while True:
            try:
                return self._join()
            except (ParlandoError, OSError) as error:
                code = getattr(error, "code", None)
                if code == "RUN_ENDED":
                    return self._read_the_rest()
                status = getattr(error, "status", 0)
                if (status and status not in RETRYABLE) or time.monotonic() > deadline:
                    raise
                time.sleep(wait)
                wait = min(5, wait * 2)

    def _join(self):
        protocols = ["parlando.v1.json"]
        headers = {} if self.server.key is None else {"authorization": f"Bearer {self.server.key}"}
        url = f"{self.server.url}/v1/runs/{quote(self.run)}/stream"
        self._socket = WebSocket(url, protocols, headers, self.server.timeout)
        hello = {"type": "attach", **{k: v for k, v in self._options.items() if v is not None}}
        if self.last_id is not None:
            hello["after"] = self.last_id
        if self._options["sends"]:
            hello["holds"] = {name: track.base for name, track in self._held.items() if track.known}
        self._socket.send(json.dumps(hello))
        self._joined = False
        while not self._joined and not self._finished:
            self._read_message()

    def _read_the_rest(self):
        self._waiting.extend(event for event in self.server.events(self.run, self.last_id or 0) if self._is_new(event))
        self._finished = True

    # reading

    def _read_one(self):
        try:
            self._read_message()
        except (ParlandoError, OSError) as error:
            if isinstance(error, ParlandoError) and error.status and error.status not in RETRYABLE:
                raise
            self._connect()

    def _read_message(self):
        message = self._socket.receive()
        if isinstance(message, bytes):
            return self._hear(message)
        told = json.loads(message)
        kind = told["type"]
        if kind == "ready":
            self._ready(told)
        elif kind == "event":
            if self._is_new(told["event"]):
                self._waiting.append(told["event"])
        elif kind == "position":
            self._track(told["track"]).position(told["received"], told["kept"], told.get("ended", False))
            self._pump()
        elif kind == "error":
            raise _problem_of(told["problem"], self._socket.closing_status())
        elif kind == "closed":
            if "code" in told:
                raise ParlandoError(told["code"], told["reason"], 409 if told["code"] == "TRACK_TAKEN" else 503)
            self.close()

    def _ready(self, told):
        self._joined = True
        self._outputs = [output["track"] for output in told["outputs"]]
        if self.last_id is None:
            self.last_id = told["run"]["lastEventId"]
        if self._options["sends"]:
            for number, track in enumerate(told["inputs"]):
                self._track(track["track"]).go_on(number, track)
            self._pump()

    def _hear(self, message):
        _, number, _, channels, rate, first, _, _ = HEADER.unpack_from(message)
        if self.on_audio:
            self.on_audio(self._outputs[number], first, rate, channels, message[HEADER.size :])

    def _is_new(self, event):
        if "id" not in event:
            return True
        if event["id"] <= (self.last_id or 0):
            return False
        self.last_id = event["id"]
        return True

    # sending

    def _track(self, name):
        return self._held.setdefault(name, _Held())

    def _live(self, name):
        """A track that this run takes; all are known once it was joined. What is put on another would be lost in silence."""
        if name not in self._held and not self._finished:
            names = ", ".join(self._held) or "none, or this call did not ask to send"
            raise ParlandoError("TRACK_UNKNOWN", f"the run has no live input {name}; it has {names}")
        return self._track(name)

    def _say(self, message):
        try:
            self._socket.send(json.dumps(message))
        except OSError:
            self._connect()

    def _pump(self):
        if not self._socket or not getattr(self, "_joined", False):
            return
        try:
            for name, track in self._held.items():
                for message in track.messages(name):
                    self._socket.send(message)
        except OSError:
            self._connect()


class _Held:
    """What a sender holds of one track, from the position that is safe on."""

    def __init__(self):
        self.held = bytearray()
        self.texts = []
        self.known = False
        self.base = 0  # position of the first sample, or text, that is held
        self.sent = 0  # position of the first one that was not sent
        self.window = 0
        self.limit = 0
        self.number = 0
        self.frame = 1
        self.ended = False
        self.end_told = False
        self.closed = False  # the server takes no more, whoever ended it

    def go_on(self, number, track):
        if not self.known:
            self.base = track["received"]
            self.known = True
        self.number = number
        self.window = track["windowSamples"]
        if "format" in track:
            self.frame = BYTES_PER_SAMPLE[track["format"]["encoding"]] * track["format"]["channels"]
        self.sent = max(self.base, min(track["received"], self._end()))
        self.end_told = self.closed = track["ended"]
        self.position(track["received"], track["kept"])

    def position(self, received, kept, ended=False):
        self.closed = self.closed or ended
        self.limit = received + self.window
        safe = min(kept, self.sent) - self.base
        if safe > 0:
            del self.held[: safe * self.frame]
            del self.texts[:safe]
            self.base += safe

    def messages(self, name):
        if not self.known or self.closed:
            return
        while self.texts and self.sent < min(self._end(), self.limit):
            yield json.dumps(self.texts[self.sent - self.base])
            self.sent += 1
        while not self.texts and self.sent < min(self._end(), self.limit):
            count = min(PIECE_BYTES // self.frame, min(self._end(), self.limit) - self.sent)
            at = (self.sent - self.base) * self.frame
            header = HEADER.pack(1, self.number, 0, 0, 0, self.sent, 0, 0)
            yield header + bytes(self.held[at : at + count * self.frame])
            self.sent += count
        if self.ended and not self.end_told and self.sent >= self._end():
            self.end_told = True
            yield json.dumps({"type": "end", "track": name})

    def _end(self):
        return self.base + (len(self.texts) if self.texts else len(self.held) // self.frame)


class WebSocket:
    """As much of RFC 6455 as a client needs."""

    def __init__(self, url, protocols, headers, timeout):
        parts = urllib.parse.urlsplit(url)
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        connection = socket.create_connection((parts.hostname, port), timeout)
        self._socket = ssl.create_default_context().wrap_socket(connection, server_hostname=parts.hostname) if secure else connection
        self._buffer = b""
        try:
            self._shake_hands(parts, protocols, headers)
        except BaseException:
            self._socket.close()
            raise

    def _shake_hands(self, parts, protocols, headers):
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {parts.path} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {', '.join(protocols)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        self._socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        status, *fields = head.decode("latin-1").split("\r\n")
        answered = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        code = int(status.split(" ")[1])
        if code != 101:
            while len(self._buffer) < int(answered.get("content-length", 0)):
                self._fill()
            raise _problem(self._buffer, code)
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        if answered.get("sec-websocket-accept") != accept:
            raise ParlandoError("UNREACHABLE", "what answered is no WebSocket")

    def send(self, message):
        """A str goes as text, bytes go as binary."""
        self._frame(1 if isinstance(message, str) else 2, message.encode() if isinstance(message, str) else message)

    def receive(self):
        """The next message. Raises ParlandoError, or ConnectionError when the connection was lost."""
        whole, kind = b"", None
        while True:
            final, opcode, data = self._read_frame()
            if opcode == 8:
                code = struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005
                reason = data[2:].decode("utf-8", "replace")
                if code >= 4000:
                    raise ParlandoError(reason or "UNREACHABLE", "the server closed the connection", code - 4000)
                raise ConnectionResetError(f"the connection was closed: {code} {reason}")
            if opcode == 9:
                self._frame(10, data)
            elif opcode in (0, 1, 2):
                kind = opcode or kind
                whole += data
                if final:
                    return whole.decode() if kind == 1 else whole

    def closing_status(self):
        """Reads until the server closes; the status that its close code carries, 0 where it carries none."""
        try:
            while True:
                self.receive()
        except ParlandoError as error:
            return error.status
        except OSError:
            return 0

    def close(self, code):
        try:
            self._frame(8, struct.pack("!H", code))
        except OSError:
            pass
        self._socket.close()

    def _frame(self, opcode, data):
        length = len(data)
        if length < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, length)
        mask = os.urandom(4)
        spread = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(data, "big") ^ int.from_bytes(spread, "big")).to_bytes(length, "big")
        self._socket.sendall(head + mask + masked)

    def _read_frame(self):
        first, second = self._take(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", self._take(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", self._take(8))
        return bool(first & 0x80), first & 0x0F, self._take(length)

    def _take(self, count):
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _fill(self):
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionResetError("the connection was lost")
        self._buffer += data


def quote(text):
    return urllib.parse.quote(text, safe="")


def _problem(body, status):
    try:
        return _problem_of(json.loads(body), status)
    except ValueError:
        return ParlandoError("UNREACHABLE", f"an answer without a reason, {status}", status)


def _problem_of(problem, status):
    return ParlandoError(problem.get("code"), problem.get("message"), status, problem)


def _read_events(answer):
    data = None
    for line in answer:
        line = line.decode().rstrip("\n")
        if line.startswith("data: "):
            data = line[len("data: ") :]
        elif line == "" and data is not None:
            event = json.loads(data)
            data = None
            if "type" in event:
                yield event


def _main(arguments):
    server = Parlando(os.environ.get("PARLANDO_URL", "http://127.0.0.1:7700"), os.environ.get("PARLANDO_KEY"))
    if arguments[:1] == ["transcribe"] and len(arguments) == 2:
        print(server.transcribe(arguments[1])["text"])
    elif arguments[:1] == ["speak"] and len(arguments) == 3:
        with open(arguments[2], "wb") as file:
            file.write(server.speak(arguments[1]))
    elif arguments[:1] == ["live"] and len(arguments) == 3:
        _live(server, arguments[1], arguments[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def _live(server, path, workflow):
    import wave

    with wave.open(path) as recording:
        inputs = server.call("GET", f"/v1/workflows/{quote(workflow)}")["inputs"]
        name = next(each["name"] for each in inputs if each["kind"] == "audio")
        binding = Parlando.audio(recording.getframerate(), recording.getnchannels())
        with server.start({"workflow": workflow, "inputs": {name: binding}}) as call:
            while chunk := recording.readframes(recording.getframerate() // 50):
                call.send(name, chunk)
            call.end()
            for event in call.events():
                if event["type"] == "text.final":
                    print(event["data"]["text"], flush=True)


if __name__ == "__main__":
    try:
        sys.exit(_main(sys.argv[1:]))
    except ParlandoError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
