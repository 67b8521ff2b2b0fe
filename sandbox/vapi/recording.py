"""Recordings: a tone per spoken turn, silence between, of the call's length. They say nothing, so they say nothing false."""

import hashlib
import hmac
import math
import secrets
import struct
import time
import wave
from datetime import datetime
from pathlib import Path

from sandbox.clock import Clock
from sandbox.store import Json, Store

RATE = 8000
PITCHES = {"bot": (220.0, 247.0, 262.0), "user": (147.0, 165.0, 175.0)}
SYLLABLE = RATE // 5


class Recordings:
    """Files are made on first request; addresses are signed and short-lived, as Vapi's are."""

    def __init__(self, data: Path, public: str, store: Store, clock: Clock) -> None:
        self._folder, self._public, self._store, self._clock = data / "recordings", public, store, clock
        self._key = _key(data / "recordings.key")

    def now(self) -> datetime:
        """The sandbox's clock."""
        return self._clock.now()

    def addresses(self, call_id: str) -> Json:
        """The raw addresses of reports: nobody may fetch them without a signature."""
        return {"recordingUrl": self._raw(call_id, "mono"), "stereoRecordingUrl": self._raw(call_id, "stereo")}

    def nested(self, call_id: str) -> Json:
        """artifact.recording."""
        mono = {"combinedUrl": self._raw(call_id, "mono"), "assistantUrl": self._raw(call_id, "assistant")}
        return {"stereoUrl": self._raw(call_id, "stereo"), "mono": {**mono, "customerUrl": self._raw(call_id, "customer")}}

    def signed_url(self, call_id: str, lasts: int = 1800) -> str:
        """An address that works for `lasts` seconds."""
        expires = int(self.now().timestamp()) + lasts
        query = f"expires={expires}&nonce={secrets.token_hex(4)}&signature={self._sign(call_id, expires)}"
        return f"{self._public}/recordings/{call_id}.wav?{query}"

    def is_signed(self, call_id: str, expires: str, signature: str) -> bool:
        """Whether a signature is ours and fresh."""
        good = expires.isdigit() and hmac.compare_digest(signature, self._sign(call_id, int(expires)))
        return good and int(expires) >= self.now().timestamp()

    def file(self, call_id: str) -> Path | None:
        """The WAV of an ended call, made when missing; None for a call without one."""
        call = self._store.get("call", call_id)
        if not call or not call.get("recordingUrl"):
            return None
        path = self._folder / f"{call_id}.wav"
        if not path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            seconds = (datetime.fromisoformat(call["endedAt"]) - datetime.fromisoformat(call["startedAt"])).total_seconds()
            write_wav(path, call["messages"], seconds)
        return path

    def _raw(self, call_id: str, kind: str) -> str:
        return f"{self._public}/storage/{call_id}-{kind}.wav"

    def _sign(self, call_id: str, expires: int) -> str:
        return hmac.new(self._key, f"{call_id}:{expires}".encode(), hashlib.sha256).hexdigest()


def write_wav(path: Path, messages: list[Json], seconds: float) -> None:
    """8 kHz, 16 bit, mono; each turn begins where `secondsFromStart` says and lasts its `duration` (ms)."""
    frames = bytearray(2 * round(seconds * RATE))
    for message in messages:
        if message["role"] in PITCHES and message.get("duration"):
            begin = 2 * round(message["secondsFromStart"] * RATE)
            sound = _speech(PITCHES[message["role"]], message["duration"] / 1000)[: max(0, len(frames) - begin)]
            frames[begin : begin + len(sound)] = sound
    partial = path.with_suffix(f".{time.monotonic_ns()}")
    with wave.open(str(partial), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(frames))
    partial.replace(path)


def _speech(pitches: tuple[float, ...], seconds: float) -> bytes:
    syllables = [_syllable(pitch) for pitch in pitches]
    count = math.ceil(seconds * RATE / SYLLABLE)
    return b"".join(syllables[place * 7 % len(syllables)] for place in range(count))[: 2 * round(seconds * RATE)]


def _syllable(pitch: float) -> bytes:
    rising = (math.sin(math.pi * place / SYLLABLE) for place in range(SYLLABLE))
    return b"".join(
        struct.pack("<h", round(5200 * loud * math.sin(2 * math.pi * pitch * place / RATE))) for place, loud in enumerate(rising)
    )


def _key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_bytes(32))
    return path.read_bytes()
