"""The whole product on ports and data of its own: what `make run` starts."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / ".data" / "e2e"
START_SECONDS = 420.0
OURS = ("KAMETRIX_", "DATABASE_", "VAPI_", "STRIPE_", "SMTP_", "MAIL_", "LLM_", "SANDBOX_", "REFLEX_")


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Product:
    """A running `kametrix up`."""

    process: subprocess.Popen[bytes]
    address: str
    console: str
    log: Path
    environment: dict[str, str]

    def command(self, *arguments: str) -> str:
        """Run a command of the command line against it; returns what it printed."""
        line = [sys.executable, "-m", "kametrix.cli", *arguments]
        return subprocess.run(line, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True, timeout=120).stdout

    def control(self, method: str, path: str, body: dict[str, object] | None = None) -> dict[str, object]:
        """Drive the sandbox."""
        answer = httpx.request(method, f"{self.console}/_control{path}", json=body, timeout=130)
        answer.raise_for_status()
        return answer.json()

    def call(self, number: str, **choices: object) -> str:
        """Place a scripted call and wait for its end; returns its id at the provider."""
        placed = str(self.control("POST", "/calls", {"number": number, "persona": "curious", "pace": "instant", **choices})["id"])
        self.control("GET", f"/calls/{placed}/wait?seconds=60")
        return placed

    def stop(self) -> int:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


def start() -> Product:
    """Start with empty data and the front end built anew; the tools it was built with are kept between runs."""
    for name in ("postgres", "sandbox", "checkpoints", "secret.key", "signing.key", "sandbox.json"):
        path = DATA / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    web, sandbox, smtp = free_port(), free_port(), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OURS)} | {
        "KAMETRIX_DATA": str(DATA),
        "KAMETRIX_PORT": str(web),
        "KAMETRIX_SANDBOX_PORT": str(sandbox),
        "KAMETRIX_SANDBOX_SMTP_PORT": str(smtp),
        "KAMETRIX_PUBLIC_URL": f"http://localhost:{web}",
        "KAMETRIX_BCRYPT_ROUNDS": "4",
        "KAMETRIX_TRUSTED_PROXY_HOPS": "1",
        "REFLEX_WEB_WORKDIR": str(DATA / "web"),
    }
    log = DATA / "product.log"
    with log.open("wb") as output:
        line = [sys.executable, "-m", "kametrix.cli", "up"]
        process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    product = Product(process, f"http://localhost:{web}", f"http://localhost:{sandbox}", log, environment)
    _wait(product)
    for last in range(20):
        product.control("POST", "/numbers", {"number": f"+14155552{last:03d}"})
    product.command("seed")
    return product


def _wait(product: Product) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert product.process.poll() is None, f"the product ended:\n{product.log.read_text()[-4000:]}"
        try:
            if httpx.get(f"{product.address}/readyz", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    product.stop()
    raise AssertionError(f"the product did not come up:\n{product.log.read_text()[-4000:]}")
