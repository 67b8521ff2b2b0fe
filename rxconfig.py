"""Reflex configuration. Reflex reads part of its settings from the environment while it is imported, so that comes first."""

import os
import subprocess
import sys
from pathlib import Path


def _npm_registry() -> str:
    """The registry npm is configured with on this machine; named outright, Reflex does not go looking for a faster one."""
    answer = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True, check=False, timeout=60)
    return answer.stdout.strip() if answer.returncode == 0 else ""


def _prepare_environment() -> None:
    """No outbound calls but npm's own; node is the one installed beside this interpreter."""
    tools = str(Path(sys.executable).parent)
    if tools not in os.environ.get("PATH", "").split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join((tools, os.environ.get("PATH", "")))
    os.environ.setdefault("REFLEX_USE_NPM", "1")
    os.environ.setdefault("REFLEX_CHECK_LATEST_VERSION", "false")
    os.environ.setdefault("REFLEX_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("NPM_CONFIG_OMIT_LOCKFILE_REGISTRY_RESOLVED", "true")
    if "NPM_CONFIG_REGISTRY" not in os.environ and (registry := _npm_registry()):
        os.environ["NPM_CONFIG_REGISTRY"] = registry


_prepare_environment()

import reflex as rx  # noqa: E402  # the environment above must be set first

from kametrix.settings import settings  # noqa: E402  # same block of imports

PUBLIC_URL = settings().public_url.rstrip("/")

config = rx.Config(
    app_name="kametrix",
    api_url=PUBLIC_URL,
    deploy_url=PUBLIC_URL,
    cors_allowed_origins=[PUBLIC_URL],
    trusted_proxy_hops=settings().trusted_proxy_hops,
    state_manager_mode="memory",
    plugins=[
        rx.plugins.RadixThemesPlugin(
            theme=rx.theme(
                accent_color="violet",
                gray_color="mauve",
                radius="large",
                scaling="100%",
                panel_background="solid",
                appearance="inherit",
            )
        )
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
    default_color_mode="system",
    show_built_with_reflex=False,
    telemetry_enabled=False,
)
